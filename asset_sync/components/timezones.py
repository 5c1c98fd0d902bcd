"""The time zone of this machine, by its name in the IANA database: Dagster takes no other for a schedule."""

import os
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LINK: Final = Path("/etc/localtime")
_DEFAULT: Final = "UTC"


def machine_timezone() -> str:
    """Return the zone that TZ names, else the one that the system is set to, else UTC."""
    given = os.environ.get("TZ", "").lstrip(":")
    return next((name for name in (given, _linked()) if _is_known(name)), _DEFAULT)


def _linked() -> str:
    """Return the zone that the system's clock is linked to; nothing where that cannot be told (Windows)."""
    try:
        return str(_LINK.resolve(strict=True)).partition("zoneinfo/")[2]
    except OSError:
        return ""


def _is_known(name: str) -> bool:
    try:
        return bool(name) and ZoneInfo(name).key == name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
