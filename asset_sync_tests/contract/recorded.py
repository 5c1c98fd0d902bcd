"""Recorded answers of real NetBox servers: reading them, and comparing them with others."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recordings"
VERSIONS = ("4.6", "4.7")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|\+00:00)")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HOST = re.compile(r"https?://(127\.0\.0\.1|testserver)(:\d+)?")


@cache
def case(version: str, name: str) -> dict[str, Any]:
    """One recording: {"request": …, "response": …}."""
    found: dict[str, Any] = json.loads((FOLDER / version / f"{name}.json").read_text())
    return found


def names(version: str) -> list[str]:
    """All recordings of a version."""
    return sorted(path.stem for path in (FOLDER / version).glob("*.json"))


def normal(value: Any) -> Any:
    """`value` without what differs from server to server: host, times and request ids."""
    if isinstance(value, dict):
        return {name: normal(one) for name, one in value.items()}
    if isinstance(value, list):
        return [normal(one) for one in value]
    if isinstance(value, str):
        text = _HOST.sub("HOST", value)
        return _MINUTE.sub("MINUTE", _UUID.sub("UUID", _TIME.sub("TIME", text)))
    return value


def shape_difference(wanted: Any, got: Any, path: str = "") -> str:
    """Where two answers differ in keys or types; null may stand for anything."""
    if wanted is None or got is None:
        return ""
    if type(wanted) is not type(got):
        return f"{path}: {type(wanted).__name__} is wanted, not {type(got).__name__}"
    if isinstance(wanted, dict):
        if path.endswith(".custom_fields"):
            return ""
        if wanted.keys() != got.keys():
            return f"{path}: other keys {sorted(wanted.keys() ^ got.keys())}"
        inner = [shape_difference(wanted[name], got[name], f"{path}.{name}") for name in wanted]
        return next(filter(None, inner), "")
    if isinstance(wanted, list) and wanted and got:
        return shape_difference(wanted[0], got[0], f"{path}[0]")
    return ""
