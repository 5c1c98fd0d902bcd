"""A real browser: Debian's chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from asset_sync_tests.pages.lab import PASSWORD

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1200, "height": 800}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none."""
    with opened() as found:
        if found is None:
            pytest.skip("there is no chromium on the PATH: apt-get install chromium")
        yield found


@contextmanager
def opened() -> Iterator[Browser | None]:
    """Open the browser that is on the PATH; None where there is none."""
    program = shutil.which("chromium")
    if program is None:
        yield None
        return
    with sync_playwright() as playwright:
        # Tests may run as root, where its sandbox does not start.
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


class Person:
    """Somebody in front of the browser; `complaints` are what it says in its console and what its pages break over."""

    def __init__(self, browser: Browser, service: str, **how: Any) -> None:
        self.context = browser.new_context(base_url=service, viewport=how.pop("viewport", DESK), **how)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))
        self.page.on("dialog", lambda dialog: self._note("error", f"a dialog: {dialog.message}"))

    def open(self, path: str) -> None:
        """Open a page."""
        self.page.goto(f"/review/{path}")

    def sign_in(self, name: str) -> None:
        """Sign in by the keyboard alone."""
        self.open("sign-in")
        expect(self.page.get_by_label("Name")).to_be_focused()
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Inbox")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def offers(self, name: str) -> bool:
        """Tell whether there is such a button."""
        return self.page.get_by_role("button", name=name, exact=True).count() > 0

    def _note(self, kind: str, told: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(told)
