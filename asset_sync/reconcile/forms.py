"""Normal forms: what is left of a value when only what tells two things apart is kept. Whole columns at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import junk, makers
from asset_sync.reconcile.kinds import Form

# What stands for a separator that tells, until the others are gone.
_KEPT = "\x1f"
_UNSEEN = r"[\p{Cf}\x1f]+"


@dataclass(frozen=True)
class _Script:
    """What letters, marks and digits are, as parts of a class of characters. Marks are vowels in many scripts."""

    letters: str
    marks: str
    digits: str

    @property
    def punctuation(self) -> str:
        return rf"[^{self.letters}{self.digits}]+"

    @property
    def names_something(self) -> str:
        return rf"[{self.letters}{self.digits}]"

    @property
    def between_digits(self) -> str:
        return rf"([{self.digits}]){self.not_telling}([{self.digits}])"

    @property
    def not_telling(self) -> str:
        return rf"[^{self.letters}{self.marks}{self.digits}+#{_KEPT}]+"


# To compile an expression with the letters of all scripts takes milliseconds, each time; most columns have none of them.
_ANY: Final = _Script(r"\p{L}", r"\p{M}", r"\p{N}")
_ASCII: Final = _Script("A-Za-z", "", "0-9")


def normal(values: pa.Array, form: Form) -> pa.Array:
    """Return the normal form of a text column; null where a value says nothing (empty, or junk that is no serial or tag).

    exact: as it stands. folded: case and outer blanks aside. host: folded, without a prefix length. label: case, blanks and
    punctuation aside ("HP Inc." is "hpinc"), but not what tells products apart: "+" and "#" ("S20+", "C#"), and that two
    numbers are two ("1.5", "1-5" and "1 5" are "1.5", not "15"); without a letter or digit there is no label. serial: letters
    and digits alone, in capitals: makers and firmware print one serial with and without dashes and blanks. tag: folded, since
    people number by hand and B1-12 is not B11-2. Of serials and tags junk is refused (see `asset_sync.reconcile.junk`).
    maker, model: the label of the one name that makers and products have (see `asset_sync.reconcile.makers`).
    """
    return _FORMS[form](values)


def is_junk(values: pa.Array) -> pa.Array:
    """Return true where a serial is written but is no serial at all."""
    written = pc.fill_null(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0), fill_value=False)
    return pc.and_(written, pc.is_null(normal(values, "serial")))


def joined(columns: list[pa.Array]) -> pa.Array:
    """Return one column from several, null where any of them is null. The separator occurs in no normal form."""
    if len(columns) == 1:
        return columns[0]
    return pc.binary_join_element_wise(*columns, pa.scalar("\x1f", columns[0].type))


def concat(*parts: pa.Array | str, like: pa.Array) -> pa.Array:
    """Return columns and constants strung together, as text of the type of `like`; null where a column is null."""
    columns = [pa.scalar(part, like.type) if isinstance(part, str) else part.cast(like.type) for part in parts]
    return pc.binary_join_element_wise(*columns, pa.scalar("", like.type))


def _filled(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, values.type), values)


def _folded(values: pa.Array) -> pa.Array:
    return _filled(pc.utf8_lower(pc.utf8_trim_whitespace(values)))


def by_distinct(values: pa.Array, function: Callable[[str], str | None]) -> pa.Array:
    """Return what a function makes of each text: many records say few things, and each is looked at once."""
    encoded = pc.dictionary_encode(values)
    told = [None if value is None else function(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(told, values.type).take(encoded.indices)


def _labels(values: pa.Array) -> pa.Array:
    """Many records name few things: each name is looked at once."""
    encoded = pc.dictionary_encode(values)
    return _distinct_labels(encoded.dictionary).take(encoded.indices)


def _distinct_labels(names: pa.Array) -> pa.Array:
    return _by_script(names, _label)


def _label(names: pa.Array, script: _Script) -> pa.Array:
    seen = pc.replace_substring_regex(names, pattern=_UNSEEN, replacement="")
    labels = pc.utf8_lower(pc.utf8_normalize(seen, form="NFKC"))
    for _ in range(2):
        # Twice, since the digit behind a separator may stand before the next one, too.
        labels = pc.replace_substring_regex(labels, pattern=script.between_digits, replacement=rf"\1{_KEPT}\2")
    labels = pc.replace_substring_regex(labels, pattern=script.not_telling, replacement="")
    labels = pc.replace_substring(labels, pattern=_KEPT, replacement=".")
    return _without(labels, pc.invert(pc.match_substring_regex(labels, script.names_something)))


def _by_script(values: pa.Array, form: Callable[[pa.Array, _Script], pa.Array]) -> pa.Array:
    """Return what a form makes of each value, by the least of the scripts that it is written in."""
    plain = pc.fill_null(pc.string_is_ascii(values), fill_value=True)
    if pc.all(plain).as_py():
        return form(values, _ASCII)
    others = pc.invert(plain)
    formed = pc.replace_with_mask(values, plain, form(pc.filter(values, plain), _ASCII))
    return pc.replace_with_mask(formed, others, form(pc.filter(values, others), _ANY))


def _without(values: pa.Array, junk: pa.Array) -> pa.Array:
    return pc.if_else(junk, pa.scalar(None, values.type), values)


def _bare(values: pa.Array) -> pa.Array:
    """Return letters and digits alone, in capitals."""
    capitals = pc.utf8_upper(values)
    # The regular expression costs ten times the look, and most values have nothing to strip.
    clean = pc.fill_null(pc.utf8_is_alnum(capitals), fill_value=True)
    if pc.all(clean).as_py():
        return capitals
    dirty = pc.invert(clean)
    return pc.replace_with_mask(capitals, dirty, _by_script(pc.filter(capitals, dirty), _stripped))


def _stripped(values: pa.Array, script: _Script) -> pa.Array:
    return pc.replace_substring_regex(values, pattern=script.punctuation, replacement="")


def _hosts(values: pa.Array) -> pa.Array:
    return _folded(pc.replace_substring_regex(values, pattern=r"/\d+$", replacement=""))


def _tags(values: pa.Array) -> pa.Array:
    return _without(_folded(values), junk.tags(pc.utf8_upper(values)))


def _serials(values: pa.Array) -> pa.Array:
    bare = _bare(values)
    return _without(bare, junk.serials(bare))


_FORMS: Final[Mapping[Form, Callable[[pa.Array], pa.Array]]] = {
    "exact": _filled,
    "folded": _folded,
    "label": _labels,
    "serial": _serials,
    "tag": _tags,
    "host": _hosts,
    "maker": lambda values: _labels(by_distinct(values, makers.maker)),
    "model": lambda values: _labels(by_distinct(values, makers.model)),
}
