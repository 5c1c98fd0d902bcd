"""A request as the endpoints see it, and what they answer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from starlette.datastructures import QueryParams

from asset_sync.sandbox.faults import Fault, Faults
from asset_sync.sandbox.wug.errors import ApiError, bad_request
from asset_sync.sandbox.wug.pages import Page, Pages, T
from asset_sync.sandbox.wug.records import Device, Group
from asset_sync.sandbox.wug.state import WugState

Json = dict[str, Any]
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body; None is no body."""

    body: Json | None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Call:
    """A request by `user`. `ids` are the variable parts of the path in order; `where` is the path with its query."""

    state: WugState
    pages: Pages
    faults: Faults
    user: str
    method: str
    path: str
    ids: tuple[str, ...]
    query: QueryParams
    raw_body: bytes
    where: str

    def struck(self, fault: str) -> Fault | None:
        """The fault if it strikes this request."""
        return self.faults.fires(fault, self.where, self.method)

    def device(self) -> Device:
        """The device that the path begins with. Raises ApiError (404)."""
        return self.state.device(self.ids[0])

    def group(self) -> Group:
        """The group that the path begins with. Raises ApiError (404)."""
        return self.state.groups.get(self.ids[0])

    def page(self, rows: Sequence[T]) -> Page[T]:
        """The page of these rows that is asked for."""
        return self.pages.cut(rows, self.path, self.query)

    def device_page(self, devices: Sequence[Device]) -> Page[Device]:
        """The page of these devices that is asked for, with the faults of the data in it."""
        return self.pages.devices(devices, self.path, self.query, self.where)

    def flag(self, name: str, *, default: bool) -> bool:
        """A query parameter that is true or false. Raises ApiError (400)."""
        text = self.query.get(name, "").casefold()
        if text not in ("", "true", "false"):
            raise bad_request(f"{name} is true or false, not {text!r}")
        return text == "true" if text else default

    def choice(self, name: str, values: Sequence[str], default: str) -> str:
        """A query parameter out of several, whatever its case. Raises ApiError (400)."""
        text = self.query.get(name) or default
        found = next((value for value in values if value.casefold() == text.casefold()), None)
        if found is None:
            raise bad_request(f"{name} is one of {', '.join(values)}, not {text!r}")
        return found

    def need(self, name: str) -> str:
        """A query parameter that must be there and not empty. Raises ApiError (400)."""
        text = self.query.get(name, "")
        if not text.strip():
            raise bad_request(f"{name} is required")
        return text

    def sought(self, *texts: str) -> bool:
        """Whether one of the texts holds what `search` asks for, whatever its case; nothing asked for is in all."""
        wanted = self.query.get("search", "").casefold()
        return not wanted or any(wanted in text.casefold() for text in texts)

    def sought_devices(self, devices: list[Device]) -> list[Device]:
        """Those of the devices that `search` asks for, by display name, host name and network address."""
        if not self.query.get("search"):
            return devices
        return [one for one in devices if self.sought(one.name, one.host_name, one.address)]

    def json(self) -> object:
        """The body. Raises ApiError (400) where it is no JSON."""
        try:
            return orjson.loads(self.raw_body)
        except orjson.JSONDecodeError:
            raise bad_request("the body is no JSON") from None

    def body(self, *names: str) -> "Body":
        """The body, an object with some of those names; none at all is an empty one. Raises ApiError (400)."""
        found = self.json() if self.raw_body else {}
        if not isinstance(found, dict):
            raise bad_request("the body is to be an object")
        body = Body(found)
        body.check(names)
        return body


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON object of a request, whose names are read whatever their case.

    All readers raise ApiError (400) for a value of the wrong kind; null is as absent.
    """

    values: Json

    def check(self, names: Iterable[str]) -> None:
        """Raise ApiError (400) for a name that is none of those: the real server may well pass it over without a word."""
        if unknown := self.unknown(names):
            raise bad_request(f"unknown: {', '.join(unknown)}")

    def unknown(self, names: Iterable[str]) -> list[str]:
        """The names here that are none of those."""
        known = {name.casefold() for name in names}
        return [name for name in self.values if name.casefold() not in known]

    def get(self, name: str) -> Any:
        """A value as it is, None where there is none."""
        return next((value for key, value in self.values.items() if key.casefold() == name.casefold()), None)

    def has(self, name: str) -> bool:
        """Whether there is a value."""
        return self.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """Text; a number is taken for text."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise bad_request(f"{name} is to be text")
        return str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false, also as text."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, str) and value.casefold() in _FLAGS:
            return _FLAGS[value.casefold()]
        if not isinstance(value, bool):
            raise bad_request(f"{name} is to be true or false")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of text; an absent one is empty."""
        return [Body({name: value}).text(name) for value in self._list(name)]

    def rows(self, name: str) -> "list[Body]":
        """A list of objects; an absent one is empty."""
        values = self._list(name)
        if not all(isinstance(value, dict) for value in values):
            raise bad_request(f"{name} is to be a list of objects")
        return [Body(value) for value in values]

    def rows_of(self, name: str, *names: str) -> "list[Body]":
        """A list of objects with some of those names."""
        found = self.rows(name)
        for row in found:
            row.check(names)
        return found

    def _list(self, name: str) -> list[Any]:
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_request(f"{name} is to be a list")
        return value


@dataclass(slots=True)
class Tally:
    """Counts the steps of a bulk operation. Those that fail are told, and the rest is done."""

    done: int = 0
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def fail(self, key: str, error: ApiError) -> None:
        """Note that the step for this resource has failed."""
        self.failed.append(key)
        self.errors.append(error.message)

    def counted(self) -> Json:
        """A `CountedSuccessResult`; its third name is misspelt as in the API."""
        return {
            "successfulOperations": self.done,
            "resourcesNotAllowed": [],
            "resourcesWithErros": self.failed,
            "errors": self.errors,
            "limitReached": False,
            "maximumReached": False,
            "success": not self.errors,
        }


def each_device(call: Call, ids: Iterable[str], step: Callable[[Device], None]) -> Json:
    """Do a step with each of these devices, and count: unknown devices and failing steps are told as errors."""
    tally = Tally()
    for device_id in ids:
        try:
            step(call.state.device(device_id))
            tally.done += 1
        except ApiError as error:
            tally.fail(device_id, error)
    return tally.counted()


SUCCESS: Json = {"success": True}
"""The bare `SuccessResult`."""


def wrapped(data: object) -> Answer:
    """A result in the standard envelope, `{"data": ...}`."""
    return Answer({"data": data})


def iso(moment: datetime) -> str:
    """A moment as the API writes it, in whole seconds of UTC."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
