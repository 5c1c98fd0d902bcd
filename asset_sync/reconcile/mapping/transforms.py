"""Transforms of text columns, by the names that a YAML gives them."""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms, makers

Transform = Callable[[pa.Array], pa.Array]


# Control characters too: PostgreSQL takes no NUL, and no name means to have one.
_BLANKS = r"[\s\p{Cc}]+"
# Those of one line.
_INLINE = r"[\t\x0b\x0c\p{Zs}\x00-\x08\x0e-\x1f\x7f-\x{9f}]+"
# Nobody sees these; the joiners of scripts (U+200C, U+200D) are none of them.
_UNSEEN = (
    r"[\x{ad}\x{61c}\x{180e}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}"
    r"\x{2066}-\x{206f}\x{feff}\x{fff9}-\x{fffb}]+"
)


def _trimmed(values: pa.Array) -> pa.Array:
    seen = pc.replace_substring_regex(values, pattern=_UNSEEN, replacement="")
    spaced = pc.replace_substring_regex(seen, pattern=_BLANKS, replacement=" ")
    return forms.normal(pc.utf8_trim_whitespace(spaced), "exact")


def _lines(values: pa.Array) -> pa.Array:
    broken = pc.replace_substring_regex(values, pattern=r"\r\n?|\x{2028}|\x{2029}|\x{85}", replacement="\n")
    seen = pc.replace_substring_regex(broken, pattern=_UNSEEN, replacement="")
    spaced = pc.replace_substring_regex(seen, pattern=_INLINE, replacement=" ")
    lines = pc.replace_substring_regex(spaced, pattern=r" ?\n ?", replacement="\n")
    return forms.normal(pc.utf8_trim_whitespace(lines), "exact")


def _serial(values: pa.Array) -> pa.Array:
    trimmed = pc.utf8_upper(pc.replace_substring_regex(_trimmed(values), pattern=_BLANKS, replacement=""))
    return pc.if_else(pc.is_null(forms.normal(trimmed, "serial")), pa.scalar(None, trimmed.type), trimmed)


def _tag(values: pa.Array) -> pa.Array:
    trimmed = _trimmed(values)
    return pc.if_else(pc.is_null(forms.normal(trimmed, "tag")), pa.scalar(None, trimmed.type), trimmed)


_ADDRESS = r"^(?:[\d.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$"


def _host(values: pa.Array) -> pa.Array:
    """An address has no labels, so it stays whole."""
    trimmed = _trimmed(values)
    label = pc.replace_substring_regex(trimmed, pattern=r"\..*$", replacement="")
    return forms.normal(pc.if_else(pc.match_substring_regex(trimmed, _ADDRESS), trimmed, label), "exact")


def _each(function: Callable[[str], str | None]) -> Transform:
    """Return a transform by a function of one text."""
    return lambda values: _trimmed(forms.by_distinct(_trimmed(values), function))


def _mac(values: pa.Array) -> pa.Array:
    digits = pc.utf8_upper(pc.replace_substring_regex(values, pattern="[^0-9A-Fa-f]", replacement=""))
    whole = pc.match_substring_regex(digits, "^(?:[0-9A-F]{12})$")
    address = pc.replace_substring_regex(digits, pattern="(..)(..)(..)(..)(..)(..)", replacement=r"\1:\2:\3:\4:\5:\6")
    nobody = pc.match_substring_regex(digits, "^(?:0{12}|F{12})$")
    return pc.if_else(pc.and_(whole, pc.invert(nobody)), address, pa.scalar(None, digits.type))


def _date(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(_trimmed(values), pattern=r"^(\d{4}-\d{2}-\d{2})\D.*$", replacement=r"\1")


TRANSFORMS: Mapping[str, Transform] = {
    "text": _trimmed,
    "upper": lambda values: pc.utf8_upper(_trimmed(values)),
    "lower": lambda values: pc.utf8_lower(_trimmed(values)),
    "serial": _serial,
    "tag": _tag,
    "host": _host,
    "model": _each(makers.model),
    "maker": _each(makers.maker),
    "maker_of_model": _each(makers.maker_of_model),
    "mac": _mac,
    "date": _date,
    "lines": _lines,
}
"""Transforms by name. text: outer and doubled blanks removed. lines: the same, line by line. upper, lower: case too. serial:
capitals without blanks (a VMware serial with its blanks is longer than NetBox takes), junk refused. tag: junk refused.
host: the name before the first dot. model: maker and screen size left out ("HP EliteBook 650 15.6 inch G9 Notebook PC" is
"EliteBook 650 G9"). maker: its one name ("DELL" and "Dell Inc." are "Dell"). maker_of_model: whose product a model is, where
its name tells ("Latitude 5440" is Dell's); see `asset_sync.reconcile.makers`. mac: AA:BB:CC:DD:EE:FF. date: the day of a date
or a time; what is neither is refused."""
