"""Reading a host's document: whoever wrote it, what comes out is sound, and what is refused is refused in one line."""

import codecs
import json
from collections import Counter
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.hosts.collect import MOST, SCHEMA
from asset_sync.systems.hosts.conforming import conformed
from asset_sync.systems.hosts.shapes import HostDocument
from asset_sync.systems.shown import megabytes, shown

MAX_BYTES: Final = 8 * 2**20
"""A larger document is refused before it is parsed; one of a host with 500 containers has about 1 MB."""


class DocumentRefused(SourceError):
    """A host's document that is not surely whole, or that no collector wrote; the reason in one line, to follow its name."""


class Parsed(NamedTuple):
    """A host's document, and what was left out of it, a line each: a value that cannot be what it says it is."""

    document: HostDocument
    notes: tuple[str, ...]


def parse(content: bytes) -> Parsed:
    """Read a document that anybody may have written; raises DocumentRefused, in one line, where it is not one.

    An address, a MAC address or an interface that cannot be one is left out with a note; anything else that is wrong refuses
    the whole. MAC addresses come in small letters with colons, addresses in their canonical form.
    """
    check_size(len(content))
    content = content.removeprefix(codecs.BOM_UTF8)
    _refuse_what_parsers_differ_in(content)
    try:
        return Parsed(*conformed(HostDocument.model_validate_json(content)))
    except ValidationError as error:
        raise DocumentRefused(_first(error)) from None


def check_size(size: int) -> None:
    """Raise `DocumentRefused` for a document of so many bytes that it is not to be read at all."""
    if size > MAX_BYTES:
        raise DocumentRefused(f"has {megabytes(size)}; the limit for a host's document is {megabytes(MAX_BYTES)}")


def _refuse_what_parsers_differ_in(content: bytes) -> None:
    """Refuse what one parser takes and the next does not: nobody is to read another document than the one that was checked."""
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise DocumentRefused(f"is no UTF-8, see byte {error.start}; write it with: asset-sync collect --output FILE") from None
    except RecursionError:
        raise DocumentRefused("is no host's document: it is nested too deep") from None
    except ValueError as error:
        raise DocumentRefused(f"is no JSON: {shown(error)}") from None
    version = document.get("schema") if isinstance(document, dict) else None
    if type(version) is not int:
        raise DocumentRefused("is no host's document: it has no schema version; write it with: asset-sync collect")
    if version != SCHEMA:
        raise DocumentRefused(f"has the schema version {shown(version)}; this asset-sync reads {SCHEMA}: use its own collector")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any] | None:
    """Return what is asked of the outermost object alone: what is read here is read again, and nothing of it is kept."""
    if len(pairs) > MOST["labels"]:
        raise ValueError(f"an object has {len(pairs):,} keys; the limit is {MOST['labels']:,}")
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise ValueError(f"the key '{repeated}' is there twice")
    return {"schema": found["schema"]} if "schema" in found else None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _first(error: ValidationError) -> str:
    """Return the first thing that is wrong, where it is, and how many more there are."""
    first, *more = error.errors(include_url=False)
    if first["type"] == "json_invalid":
        return f"is no JSON: {first['ctx']['error']}"
    where = ".".join(map(str, first["loc"])) or "it"
    is_pattern = first["type"] == "string_pattern_mismatch"
    told = "it may not be written so" if is_pattern else first["msg"].removeprefix("Value error, ")
    value = f" ('{shown(first['input'])}')" if isinstance(first["input"], str | int | float) else ""
    return f"is no host's document: {shown(where)}: {told}{value}" + (f", and {len(more):,} more" if more else "")
