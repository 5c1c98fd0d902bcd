"""Makers and their products: one name for what firmware spells in many ways, by the table in `makers.yaml` beside this file.

A fleet tells "Dell Inc.", "DELL" and "Dell Computer Corp." of one maker, and "HP EliteBook 840 14 inch G9 Notebook PC" and
"EliteBook 840 G9" of one model; as they stand they would become several, and machines would flip between them.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

_FILE: Final = Path(__file__).with_name("makers.yaml")
_LEGAL: Final = frozenset(
    (
        *("inc", "incorporated", "incorporation", "corp", "corporation", "co", "company", "ltd", "limited", "llc", "llp", "lp"),
        *("plc", "pty", "gmbh", "ag", "kg", "kgaa", "se", "sa", "spa", "srl", "bv", "nv", "oy", "oyj", "ab", "as", "aps", "kk"),
        *("bhd", "sdn", "sarl", "sas", "sl"),
    )
)
_LONGEST: Final = 4
"""Words of the longest spelling of a maker before the name of a product."""
_SHORT: Final = (
    (re.compile(r"(?i)\bsmall form factor\b"), "SFF"),
    (re.compile(r"(?i)\bdesktop mini\b"), "DM"),
    (re.compile(r"(?i)\bmicro ?tower\b"), "MT"),
    (re.compile(r"(?i)\btwr\b"), "Tower"),
    # Of one product two ways to count its generations, and to say that it is more than the one without.
    (re.compile(r"(?i)^(proliant \S+) g([89]|1\d)\b"), r"\1 Gen\2"),
    (re.compile(r"(?i)^(thinkpad .*?) (?:g(\d+)|(\d+)(?:st|nd|rd|th)(?: gen)?)$"), r"\1 Gen \2\3"),
    (re.compile(r"(?i)^(surface pro \d+|galaxy s\d+) plus\b"), r"\1+"),
    (re.compile(r"(?i)^((?:elitebook|probook) .*) notebook$"), r"\1"),
    # The board's name behind the product's, as ASUS has it.
    (re.compile(r"\b(\S+)_\1$"), r"\1"),
)
# Of these HP's number tells the size already (840: 14 inch), so that it is told or not. Elsewhere it tells products apart.
_SIZE: Final = re.compile(
    r"(?i)\b((?:elitebook|probook|(?:elite|pro) x360)(?: x360)? \d{3,4}[a-z]?) \d+(?:\.\d+)?(?:[- ]?inch\b|\")"
)
_DESKTOP: Final = re.compile(r"(?i)\b(?:elitedesk|prodesk|eliteone|proone|sff|dm|mini|tower|twr|mt|all-in-one|aio)\b")
_DESKTOP_PC: Final = re.compile(r"(?i) desktop pc\b")
_NOISE: Final = re.compile(r"(?i) (?:notebook|nb) pc\b| pc$")

_MARKS: Final = re.compile(r"(?i)\s*(?:\((?:r|tm|c)\)|[®™])")
_SHORTENED: Final = re.compile(r"(?i)\bint['’]l\b")
_AFTER: Final = re.compile(r"\s*(?://.*|\([^()]*\)|\[[^\[\]]*\])$")
"""What some spellings add: the maker of the firmware ("FUJITSU // Phoenix"), a country ("Lenovo (United States)")."""
_ADDED: Final = frozenset(
    (
        *("communications", "computer", "computers", "development", "electronics", "group", "holdings", "information"),
        *("international", "mobile", "pc", "product", "products", "system", "systems", "technologies", "technology", "global"),
        *(
            "america",
            "americas",
            "asia",
            "china",
            "deutschland",
            "europe",
            "france",
            "germany",
            "hk",
            "india",
            "japan",
            "korea",
        ),
        *("taiwan", "uk", "usa"),
    )
)
"""Words behind a maker's name that tell nothing, where what is left is the name of a known one."""


@dataclass(frozen=True)
class _Table:
    """By the label of a spelling: the maker's name; that of a brand; whose a product line is; the name of a model."""

    makers: Mapping[str, str]
    brands: Mapping[str, str]
    lines: Mapping[str, str]
    models: Mapping[str, str]


def maker(name: str) -> str:
    """Return a maker's one name; of one that is not in the table, the name without its legal form."""
    bare = _without_legal_form(_plain(name))
    known = _table()
    for spelling in (_label(name), _label(bare)):
        found = known.makers.get(spelling) or known.brands.get(spelling)
        if found:
            return found
    return next((known.makers[_label(less)] for less in _with_less(bare) if _label(less) in known.makers), bare)


def maker_of_model(name: str) -> str | None:
    """Return whose product a model is by its name: that begins with a product line of a maker, or with the maker."""
    known, words, own = _table(), name.split(), _label(model(name))
    line = max((line for line in known.lines if own.startswith(line)), key=len, default=None)
    if line is not None:
        return known.lines[line]
    spellings = (_label(" ".join(words[:count])) for count in range(min(len(words), _LONGEST), 0, -1))
    return next((known.makers[spelling] for spelling in spellings if spelling in known.makers), None)


def model(name: str) -> str:
    """Return a model's one name: without its maker, words that any such machine has, and what its number tells already."""
    text = " ".join(name.split())
    bare = _without_maker(text)
    named = _table().models.get(_label(text)) or _table().models.get(_label(bare))
    if named:
        return named
    for long, short in _SHORT:
        bare = long.sub(short, bare)
    # Only of what is a desktop anyhow: of one name there may be a notebook, too.
    bare = _DESKTOP_PC.sub("", bare) if _DESKTOP.search(bare) else bare
    return _NOISE.sub("", _SIZE.sub(r"\1", bare)).strip() or text


def _without_maker(name: str) -> str:
    """Some firmware tells the maker twice ("FUJITSU FUJITSU LIFEBOOK")."""
    words = name.split()
    while True:
        count = next((n for n in range(min(len(words) - 1, _LONGEST), 0, -1) if _is_maker(" ".join(words[:n]))), 0)
        if not count:
            return " ".join(words)
        words = words[count:]


def _is_maker(words: str) -> bool:
    makers = _table().makers
    return _label(words) in makers or _label(_without_legal_form(words)) in makers


def _plain(name: str) -> str:
    """Return a maker without marks, a blank before its legal form ("WORTMANN_AG"), and words in full."""
    text = _SHORTENED.sub("International", _MARKS.sub("", name))
    before, _, last = text.rpartition("_")
    return f"{before} {last}" if before and _is_legal_form(last) else text


def _with_less(name: str) -> Iterator[str]:
    """Yield a maker's name without what spellings add at its end, one thing after the other."""
    while True:
        less = _without_legal_form(_AFTER.sub("", name))
        *before, last = less.split() or [""]
        if less == name and before and last.casefold() in _ADDED:
            less = " ".join(before)
        if less == name or not less:
            return
        yield less
        name = less


def _is_legal_form(word: str) -> bool:
    return re.sub(r"[^a-z]", "", word.lower()) in _LEGAL


def _without_legal_form(name: str) -> str:
    words = name.replace(",", " , ").split()
    while len(words) > 1 and (words[-1] in {",", "&", "and"} or _is_legal_form(words[-1])):
        words.pop()
    return " ".join(words).replace(" ,", ",")


def _label(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum() or character in "+#,")


@cache
def _table() -> _Table:
    told: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return _Table(
        makers=dict(_by_label(told["makers"])),
        brands=dict(_by_label(told["brands"])),
        lines={_label(line): name for name, lines in told["product_lines"].items() for line in lines},
        models=dict(_by_label(told["models"])),
    )


def _by_label(names: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for name, spellings in names.items():
        for spelling in (name, *spellings):
            yield _label(spelling), name
