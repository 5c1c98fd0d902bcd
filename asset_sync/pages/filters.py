"""What a person asks of a plan's operations, in a page's address."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from asset_sync.ledger.browsing import Filter

PAGE: Final = 50
"""So many rows are on a page."""
Words = Annotated[str, Field(max_length=200)]
PageNumber = Annotated[int, Field(ge=1, le=1_000_000)]


class Asked(BaseModel):
    """A filter as a form sends it: what is empty is not asked about."""

    kind: Words = ""
    op: Words = ""
    field: Words = ""
    text: Words = ""
    held: Literal["", "yes", "no"] = ""
    page: PageNumber = 1

    def filter(self) -> Filter:
        """Return it as the ledger takes it."""
        held = {"": None, "yes": True, "no": False}[self.held]
        return Filter(self.kind or None, self.op or None, self.field or None, self.text.strip() or None, held)

    @property
    def offset(self) -> int:
        """How many operations come before the page."""
        return (self.page - 1) * PAGE

    @property
    def is_narrow(self) -> bool:
        """Whether anything is asked about."""
        return self.filter() != Filter()

    @property
    def told(self) -> dict[str, str]:
        """What is asked about, by the names of the form."""
        return {name: value for name, value in self.model_dump(exclude={"page"}).items() if value}

    def query(self, page: int) -> str:
        """Return the query of another page's address."""
        return urlencode({**self.told, "page": page})


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page is among all."""

    asked: Asked
    total: int

    @property
    def first(self) -> int:
        """The number of the page's first operation, from 1."""
        return min(self.asked.offset + 1, self.total)

    @property
    def last(self) -> int:
        """The number of the page's last operation."""
        return min(self.asked.offset + PAGE, self.total)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE))

    @property
    def before(self) -> str | None:
        """The query of the page before; None on the first."""
        return self.asked.query(min(self.asked.page - 1, self.pages)) if self.asked.page > 1 else None

    @property
    def after(self) -> str | None:
        """The query of the next page; None on the last."""
        return self.asked.query(self.asked.page + 1) if self.asked.page < self.pages else None
