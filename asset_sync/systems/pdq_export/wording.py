"""How reports word what is no machine: totals, footers, pagers; regular expressions of RE2 but for the compiled ones."""

import re
from typing import Final

_TOTAL = (
    r"(?:(?:grand |sub-?)?(?:totals?|sum|count)|(?:zwischen)?summe|gesamt(?:summe|ergebnis|(?:an)?zahl)?|teilergebnis"
    r"|insgesamt|anzahl)"
)
_THINGS = (
    r"(?:rows?|records?|computers?|devices?|machines?|items?|entr(?:y|ies)|results?|assets?|pcs|hosts|systems|workstations"
    r"|laptops|notebooks|servers|clients|endpoints"
    r"|zeilen|geräte|rechner|datensätze|einträge)"
)
_ABOUT = r"(?:report|source|quelle|filters?|notes?|hinweis|date|datum|stand|as of|time|generated|created|exported|erstellt)"
_WORDS = r"(?: [a-zäöüß()]+){0,4}"
_IS = r"(?: *[:=]+ *| [–-] )"
_OF = r"(?: ?(?:of|von|de|sur|/) ?\d[\d.,]*)?"
# Which rows a grid shows on a page: 1 - 250 of 300. "Device 2 of 3" may be a machine.
_FROM_TO = r"\d[\d.,]* ?(?:[-–]|to|bis) ?\d[\d.,]* ?(?:of|von|de|sur) ?"
_NUMBER = rf"\(?\d[\d.,]*{_OF}\)?(?: {_THINGS}\b.*)?"
# What begins a line whose figure stands in a cell of its own.
_LABEL = (
    rf"{_TOTAL}|{_TOTAL}(?: of)?(?: the| der)? {_THINGS} *[:=]*|(?:{_TOTAL}|{_THINGS}){_WORDS} *[:=]+|number of{_WORDS} *[:=]*"
)
# The same of words that machines are called by, too: not without a figure.
_SUM_OF = rf"(?:{_TOTAL}(?: of)? (?:ram|memory|storage|disk|speicher)|average|durchschnitt|ergebnis) *[:=]*"
_TITLED = rf"{_ABOUT} ?:"
_COUNTS = (
    rf"{_TOTAL}(?: of)?(?: {_THINGS})? {_NUMBER}|{_TOTAL}{_WORDS}{_IS}{_NUMBER}"
    rf"|{_THINGS}{_WORDS}(?: *[:=]+ *{_NUMBER}| \({_NUMBER})|number of{_WORDS} *[:=]+ *{_NUMBER}"
    rf"|\(?\d[\d.,]*{_OF} {_THINGS}\b.*|\(?(?:{_THINGS}:? )?{_FROM_TO}\d[\d.,]*\)?(?: {_THINGS}\b.*)?"
)
_RULE = r"[-=_*#~. ]"
_LINE = (
    rf"{_RULE}{{3,}}|"
    r"(?:page|seite):? \d+.*|(?:and|und) \d[\d.,]* (?:more|weitere)\b.*|(?:showing|displaying) .*\d.*"
    r"|(?:.* )?(?:generated|created|printed|exported|erstellt|exportiert|gedruckt) (?:on|at|by|from|am|von|mit)\b.*"
    r"|(?:end of|ende de[rs]) .*|(?:©|\(c\)|copyright ).*|(?:(?:strictly )?confidential|(?:streng )?vertraulich)(?:[ .,:;!].*)?"
    rf"|{_ABOUT} ?:.*|#type .*"
)
# What is drawn around a line: two signs, or one with a blank.
_BEFORE, _BEHIND = (rf"(?:{each})?" for each in (r"[-=_*#~.…–—]{2,} ?|[-=*#~–—] ", r" ?[-=_*#~.…–—]{2,}| [-=*#~–—]"))


def _whole_line(*forms: str) -> str:
    return rf"(?i)^(?:{'|'.join(forms)})$"


def _drawn_around(*forms: str) -> str:
    return _whole_line(rf"{_BEFORE}(?:{'|'.join(forms)}){_BEHIND}")


FORMS: Final = (
    _whole_line(_LABEL),
    _whole_line(_SUM_OF),
    _drawn_around(_COUNTS),
    _whole_line(_TITLED),
    _drawn_around(_LINE),
)
"""Labels, labels of words that machines are called by, counts, what something is about, and other lines."""
ANY_FORM: Final = "|".join(FORMS)
ALONE: Final = "|".join((FORMS[0], FORMS[2], FORMS[4]))
"""What is a remark where it is all that a line has."""
# Long sentences are nobody's host name; "Anna Maria's MacBook Pro (2)" is one.
SENTENCE: Final = r"^(?:\S+\s+){6,}\S+$|^(?:\S+\s+){3,}\S*[.:!]$"
DRAWN_WITH: Final = "-=_*#~.…–— "
DRAWN: Final = rf"^{_RULE}+$"
FIGURE: Final = r"^[\d.,:%/ -]+$"
# With what may stand between thousands: blanks that do not break, too.
_DIGITS = r"\d[\d., \x{a0}\x{2009}\x{202f}'’]*"
NUMBERS: Final = rf"^{_DIGITS}%?$"
SIZES: Final = rf"(?i)^{_DIGITS}(?:%|[kmgt]?i?b|bytes)?$"
OWN_NUMBER: Final = r"^\d+$"
"""What may be a serial or an id."""
ADDRESS: Final = r"(?:^|[ ,])\d{1,3}(?:\.\d{1,3}){3}(?:$|[ ,])"
_AMOUNT = r"(\d{1,3}(?:[.,]\d{3})+|\d{1,15})"
PART: Final = re.compile(
    rf"(?:^|\D){_AMOUNT} ?(?:of|von|de|sur) ?{_AMOUNT}|(?:page|seite):? (\d+) ?/ ?(\d+)",
    re.IGNORECASE,
)
CHOSEN: Final = re.compile(
    r"\b(?:filtered|gefiltert|truncated|gekürzt|top \d+|first \d+|limited to|not all|(?:and|und) \d[\d.,]* (?:more|weitere))\b",
    re.IGNORECASE,
)
_COUNT = r"(\d{1,3}(?:[.,]\d{3})+|\d{1,9})(?:[.,]0{1,2})?"
_COUNTING = rf"(?: (?:of|number|count|total|the|all|in|found|listed|shown|exported|anzahl|der|{_THINGS}))*"
COUNTED: Final = re.compile(
    rf"^(?:(?:{_TOTAL}{_COUNTING}(?:{_IS}| )|{_THINGS}{_COUNTING}(?: *[:=]+ *| (?=\())|number of{_WORDS}(?: *[:=]+ *| ))"
    rf"\(?{_COUNT}{_OF}\)?(?: {_THINGS}\b.*)?$|\(?{_COUNT}{_OF} {_THINGS}\b"
    rf"|.*?{_FROM_TO}{_COUNT}(?!\d))",
    re.IGNORECASE,
)
