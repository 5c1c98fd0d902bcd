"""The simulated Snipe-IT's whole state: a register made from a company, the days that change it, and the truth of it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from asset_sync.sandbox.company import Company
from asset_sync.sandbox.snipeit.change import DayOfWork
from asset_sync.sandbox.snipeit.data import Register, fill
from asset_sync.sandbox.snipeit.store import Store
from asset_sync.sandbox.snipeit.truth import truth


class SnipeState(Store):
    """A register with one asset a machine of `company`, the same for the same company and seed.

    The company is read, never changed. `requests` counts what was asked over HTTP, by method and path, such as
    `GET /api/v1/hardware`.
    """

    def __init__(self, company: Company, seed: int) -> None:
        super().__init__(company.now)
        self.requests: Counter[str] = Counter()
        self._register = Register(self, company)
        self._size = company.size
        fill(self, company, seed)

    def day(self, seed: int, share: float = 0.05) -> Mapping[str, int]:
        """A day of people's work: some 130 deeds of every kind, or more if `share` of the assets' number is more.

        Moves the clock on by a day. Returns how often each kind of deed was done; a deed finds nothing to be done to
        at times. The same state and seed give the same day. Raises ValueError for a share outside 0 to 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a share is from 0 to 1, not {share}")
        with self.lock:
            return DayOfWork(self, self._register, self._size, seed).work(share)

    def truth(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table that was not purged, oldest first, trashed ones with their `deleted_at`.

        Text is unescaped and never empty, notes and EULAs are what a reader sees; moments are aware, in UTC; money is
        Decimal; other rows are told by id. Custom fields are by field id, the filled ones of the model's fieldset alone, as
        the database has them, which is text. Hardware also has what follows from model, status and purchase:
        `model_number`, `eol_months`, `category_id`, `manufacturer_id`, `status_type`, `status_meta`, `warranty_expires`.
        Counts and what moves by itself are not in it. Raises KeyError for an unknown table.
        """
        with self.lock:
            return truth(self, table)
