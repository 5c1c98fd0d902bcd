"""Held records by REST: what is held, and the decisions that let it go on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Self

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from asset_sync.access.callers import Approver
from asset_sync.api.models import Deciding
from asset_sync.api.problems import ABSENT, CONFLICT
from asset_sync.ledger.holds import Held
from asset_sync.ledger.resolutions import KeptResolution
from asset_sync.operations import holds as operations
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.resolutions import Verb

holds: Final = APIRouter(tags=["held"])


class HeldList(BaseModel):
    """What is held now, the longest held first."""

    held: Sequence[Held]


class Resolving(Deciding):
    """A decision about a record. `target_id` goes with link and never_link, `field` with keep_target and take_source."""

    sync: str
    verb: Verb
    kind: str
    source_key: str
    target_id: str | None = None
    field: str | None = None
    until_changed: bool = False
    partition: str | None = Field(default=None, description="The connection, where the sync has several.")


class ResolutionMade(BaseModel):
    """A decision about a record, and who ended it."""

    number: int
    link_set: str
    verb: Verb
    kind: str
    source_key: str
    key: str | None = Field(description="What the record was called when it was decided.")
    target_id: str | None
    field: str | None
    until_changed: bool
    by: str
    at: datetime
    taken_back_by: str | None
    taken_back_at: datetime | None
    replaced_by: int | None = Field(description="The decision that ended it, where it was not taken back.")

    @classmethod
    def of(cls, kept: KeptResolution) -> Self:
        """Return a decision as the service tells it."""
        made = kept.resolution
        told = ("verb", "kind", "source_key", "key", "target_id", "field", "by", "at")
        own = {name: getattr(made, name) for name in told}
        return cls(
            **own,
            number=made.number or 0,
            link_set=kept.link_set,
            until_changed=made.until_changed,
            taken_back_by=kept.taken_back_by,
            taken_back_at=kept.taken_back_at,
            replaced_by=kept.replaced_by,
        )


class ResolutionNew(ResolutionMade):
    """A decision that was made just now."""

    replaces: list[int] = Field(description="The decisions in whose place it comes, also such as somebody else just made.")


class ResolutionList(BaseModel):
    """The decisions about records, the latest first."""

    resolutions: list[ResolutionMade]


@holds.get("/held", responses=ABSENT)
def list_held(sync: Annotated[str | None, Query(description="Only of this sync.")] = None) -> HeldList:
    """List what is held now, and since when."""
    try:
        return HeldList(held=operations.held(sync))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


@holds.get("/resolutions", responses=ABSENT)
def list_resolutions(sync: Annotated[str | None, Query(description="Only of this sync.")] = None) -> ResolutionList:
    """List what people decided about records; what was taken back, too."""
    try:
        return ResolutionList(resolutions=[ResolutionMade.of(each) for each in operations.resolutions(sync)])
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


@holds.post("/held", status_code=201, responses=CONFLICT)
def resolve(deciding: Resolving, who: Approver) -> ResolutionNew:
    """Decide about a record, for good and with a name; the next plan goes by it."""
    try:
        kept = operations.resolve(
            deciding.sync,
            deciding.verb,
            deciding.kind,
            deciding.source_key,
            by=who.signs(deciding.by),
            target_id=deciding.target_id,
            field=deciding.field,
            until_changed=deciding.until_changed,
            connection=deciding.partition,
        )
    except ConfigurationError as error:
        raise HTTPException(422, str(error)) from None
    replaces = [each.number for each in operations.replaced(kept)]
    return ResolutionNew(**ResolutionMade.of(kept).model_dump(), replaces=replaces)


@holds.post("/resolutions", include_in_schema=False)
def resolve_as_before() -> RedirectResponse:
    """Lead to where held records are decided about now; the body goes along."""
    return RedirectResponse("/held", 308)


@holds.post("/resolutions/{number}/take-back", responses=CONFLICT)
def take_back(
    number: Annotated[int, Path(ge=1, le=operations.LARGEST_NUMBER)], deciding: Deciding, who: Approver
) -> ResolutionMade:
    """Take a decision back: the next plan asks again."""
    return ResolutionMade.of(operations.take_back(number, who.signs(deciding.by)))
