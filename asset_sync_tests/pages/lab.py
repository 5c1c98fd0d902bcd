"""Visitors of the pages: clients without a browser, who send the forms as these stand in a page."""

import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx
import pytest
from argon2 import PasswordHasher

from asset_sync.access import passwords
from asset_sync.access.roles import ROLES, Role
from asset_sync.access.users import add_user
from asset_sync.sandbox.world import World
from asset_sync_tests.api.serving import serving

TOKEN = "the-services-token"
PASSWORD = "correct horse battery"
PEOPLE: dict[str, tuple[Role, ...]] = {"sue": ("see",), "anna": ("approve",), "otto": ("operate",), "root": ROLES}
"""What each of the people may."""


HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What tests hash passwords by: the real one takes its time on purpose."""


@pytest.fixture
def service(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a service that everybody of `PEOPLE` can sign in to."""
    monkeypatch.setattr(passwords, "_HASHER", HASHED)
    for name, roles in PEOPLE.items():
        add_user(name, roles, PASSWORD)
    with serving(TOKEN) as server:
        yield server.url


class _Forms(HTMLParser):
    """The forms of a page: where each goes, and what it sends by itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self.found.append((told.get("action") or "", {}))
        elif tag in {"input", "button"} and self.found and told.get("name"):
            self.found[-1][1][told["name"] or ""] = told.get("value") or ""


class Visitor:
    """Somebody with a browser without JavaScript."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self.client = httpx.Client(base_url=f"{url}/review/", timeout=60, follow_redirects=True, headers=headers)
        self.page = ""
        self.status = 0
        self.headers = httpx.Headers()

    def open(self, path: str) -> str:
        """Open a page; return what it says."""
        return self._got(self.client.get(path))

    def send(self, action: str, *, without: tuple[str, ...] = (), **fields: str) -> str:
        """Send the form of the page that goes to an address that ends so and sends those of the fields that it has set."""
        for target, sent in _Forms(self.page).found:
            if target.endswith(action) and all(sent[name] in ("", value) for name, value in fields.items() if name in sent):
                data = {name: value for name, value in (sent | fields).items() if name not in without}
                return self._got(self.client.post(urljoin(str(self.client.base_url), target), data=data))
        raise AssertionError(f"no form goes to {action}")

    def sign_in(self, name: str, password: str = PASSWORD) -> str:
        """Sign in by the form."""
        self.open("sign-in")
        return self.send("/sign-in", name=name, password=password)

    def offers(self, action: str) -> bool:
        """Tell whether the page has a form that goes to an address that ends so."""
        return any(target.endswith(action) for target, _ in _Forms(self.page).found)

    @property
    def words(self) -> str:
        """What is read of the page, on one line."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.page)).split())

    def _got(self, answer: httpx.Response) -> str:
        self.page, self.status, self.headers = answer.text, answer.status_code, answer.headers
        return self.page


def ended(visitor: Visitor) -> None:
    """Follow the run that the visitor was led to, to its end."""
    address = (
        str(visitor.client.base_url) + visitor.page.split('hx-get="/review/')[1].split('"')[0]
        if "hx-get" in visitor.page
        else ""
    )
    deadline = time.monotonic() + 60
    while "This page follows it." in visitor.words and time.monotonic() < deadline:
        time.sleep(0.1)
        visitor.open(address)


@pytest.fixture
def visit(service: str) -> Iterator[Callable[[str], Visitor]]:
    """Give a visitor who is signed in as one of `PEOPLE`."""
    made: list[Visitor] = []

    def visitor(name: str) -> Visitor:
        found = Visitor(service)
        made.append(found)
        found.sign_in(name)
        return found

    yield visitor
    for each in made:
        each.client.close()
