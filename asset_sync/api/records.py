"""Records by REST: one record of a sync, explained."""

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Query

from asset_sync.api.problems import ABSENT, CONFLICT
from asset_sync.operations import explaining as operations
from asset_sync.operations.explanation import Explanation
from asset_sync.reconcile.errors import ConfigurationError

records: Final = APIRouter(tags=["records"])


@records.get("/records/{sync}/{key:path}", responses={**ABSENT, **CONFLICT})
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
