"""The checkup of a Snipe-IT: whether all that is read may be read, and by whom."""

from collections.abc import Iterator
from typing import Final

from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.checkup import Finding, Needs
from asset_sync.systems.http import checking
from asset_sync.systems.snipeit.client import Owner, SnipeItClient
from asset_sync.systems.snipeit.resource import SnipeIt
from asset_sync.systems.snipeit.tables import TABLES

TESTED: Final = ("8.1",)
_OF_ANOTHER: Final = "{}"
"""In the path of a list that is one of each row of another."""


def checkup(snipeit: SnipeIt, needs: Needs) -> Iterator[Finding]:
    """Yield what is found of a Snipe-IT; see `asset_sync.systems.checkup`."""
    with snipeit.client() as client:
        owner: list[Owner] = []

        def whose() -> str:
            owner.append(client.owner())
            return f"as the user {owner[0].username}"

        to_do = "make a new API key in Snipe-IT, and set the variable to it"
        if not (yield from checking.entered(client.http, whose, to_do=to_do)):
            return
        yield _rights(client, needs, owner[0])
        yield checking.version(client.version(), TESTED, "Snipe-IT")
        yield from checking.paced(client.http)


def _rights(client: SnipeItClient, needs: Needs, owner: Owner) -> Finding:
    paths = sorted({path for name in needs.tables if _OF_ANOTHER not in (path := TABLES[name].path)})
    hidden = [path for path in paths if not _may_see(client, path)]
    if hidden:
        return Finding("rights", "fail", f"the key's user may not see {', '.join(hidden)}", "give that user these rights")
    told = f"may see all {len(paths)} lists"
    if owner.superuser:
        return Finding("rights", "ok", told)
    company = f" of the company {owner.company}" if owner.company else ""
    to_do = "use the key of a superuser: who is none may be shown a part of the rows, with totals that look right"
    return Finding("rights", "warn", f"{told}, as a user{company} who is no superuser", to_do)


def _may_see(client: SnipeItClient, path: str) -> bool:
    try:
        client.page(path, {"limit": 1})
    except SourceError as error:
        if checking.answered(error) != 403:
            raise
        return False
    return True
