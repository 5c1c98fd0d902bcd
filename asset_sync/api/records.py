"""Records by REST: one record of a sync, explained."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query

from asset_sync.api.models import Problem
from asset_sync.operations import explaining as operations
from asset_sync.operations.explanation import Explanation
from asset_sync.reconcile.errors import ConfigurationError

records: Final = APIRouter()
_ABSENT: Final[dict[int | str, dict[str, Any]]] = {404: {"model": Problem, "description": "There is no such thing."}}
_SEVERAL: Final[dict[int | str, dict[str, Any]]] = {409: {"model": Problem, "description": "Several are meant, or none yet."}}


@records.get("/records/{sync}/{key:path}", responses={**_ABSENT, **_SEVERAL})
def show_record(
    sync: str,
    key: Annotated[str, Path(description="The record's key in the source, else the name or the id (#17) of its object.")],
    kind: Annotated[str | None, Query(description="As in the mapping, where the record makes several.")] = None,
    partition: Annotated[str | None, Query(description="The connection, where the sync has several.")] = None,
) -> Explanation:
    """Explain a record: from its source's row to what became of it, by what is kept."""
    try:
        return operations.explain(sync, key, kind=kind, connection=partition)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
