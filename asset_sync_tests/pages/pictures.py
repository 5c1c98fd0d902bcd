"""Makes the pictures in docs/: `python -m asset_sync_tests.pages.pictures`, where chromium is on the PATH.

The company is the sandbox's, the ledger an embedded one in a folder that is gone afterwards.
"""

import dataclasses
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from asset_sync.access.users import add_user
from asset_sync.operations.runs import run_sync
from asset_sync.sandbox.world import World
from asset_sync_tests.api.serving import serving
from asset_sync_tests.cli.lab import SYNC
from asset_sync_tests.pages.browser import DESK, PHONE, Person, opened
from asset_sync_tests.pages.lab import PASSWORD

DOCS = Path(__file__).parents[2] / "docs"
_MOST_BYTES = 200_000


@contextmanager
def reviewed() -> Iterator[str]:
    """A service about a small company after some days, with a plan that waits and twins that are held."""
    with (
        tempfile.TemporaryDirectory(prefix="asset_sync_pictures_", ignore_cleanup_errors=True) as folder,
        World(200, 7) as world,
    ):
        os.environ |= {"ASSET_SYNC_HOME": f"{folder}/home", **world.environment()}
        os.environ.pop("DATABASE_URL", None)
        os.chdir(folder)
        add_user("anna", ["approve"], PASSWORD)
        for _ in range(6):
            run_sync(SYNC)
            world.day()
        first, other, *_ = list(world.company)
        world.company.apply(put=[dataclasses.replace(other, serial=first.serial, asset_tag=None)])
        run_sync(SYNC, "review")
        with serving("a-token") as server:
            yield server.url


def main() -> None:
    """Make them all."""
    with reviewed() as service, opened() as browser:
        if browser is None:
            raise SystemExit("there is no chromium on the PATH: apt-get install chromium")
        _desk(browser, service)
        _phone(browser, service)


def _desk(browser: Browser, service: str) -> None:
    anna = Person(browser, service, viewport=DESK, color_scheme="light")
    anna.sign_in("anna")
    _picture(anna, "inbox")
    anna.page.get_by_role("main").get_by_role("link", name=SYNC).first.click()
    _picture(anna, "plan")
    for path in ("held", "syncs"):
        anna.open(path)
        _picture(anna, path)
    anna.open("changes?kind=asset&field=name")
    _picture(anna, "changes")
    anna.open("held")
    anna.page.get_by_role("article").get_by_role("heading").get_by_role("link").first.click()
    _picture(anna, "record")


def _phone(browser: Browser, service: str) -> None:
    anna = Person(browser, service, viewport=PHONE, color_scheme="dark", has_touch=True)
    anna.sign_in("anna")
    anna.page.get_by_role("main").get_by_role("link", name=SYNC).first.click()
    _picture(anna, "plan-phone")


def _picture(person: Person, name: str) -> None:
    file = DOCS / f"{name}.png"
    person.page.screenshot(path=file)
    size = file.stat().st_size
    if size > _MOST_BYTES:
        raise SystemExit(f"{file} has {size:,} bytes")


if __name__ == "__main__":
    main()
