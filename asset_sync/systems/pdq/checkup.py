"""The checkup of PDQ Connect."""

from collections.abc import Iterator

from asset_sync.systems.checkup import Finding, Needs
from asset_sync.systems.http import checking
from asset_sync.systems.pdq.reading import PdqConnect, count


def checkup(pdq: PdqConnect, _needs: Needs) -> Iterator[Finding]:
    """Yield what is found of PDQ Connect; see `asset_sync.systems.checkup`."""
    with pdq.client() as client:
        seen: list[int | None] = []

        def ask() -> str:
            seen.append(count(client))
            return "the API key is taken"

        to_do = "make a new API key in PDQ Connect (Settings, API keys), and set PDQ_TOKEN to it"
        if not (yield from checking.entered(client, ask, to_do=to_do)):
            return
        yield _rights(seen[0])
        yield Finding("version", "skipped", "PDQ's own service: it tells of none")
        yield from checking.paced(client)


def _rights(devices: int | None) -> Finding:
    if devices == 0:
        return Finding("rights", "fail", "the key sees no devices", "check of which organization the API key is")
    return Finding("rights", "ok", "may read the devices" + (f", {devices} of them" if devices is not None else ""))
