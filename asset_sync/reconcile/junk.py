"""Junk: what firmware answers where nobody wrote a serial or an asset tag, and what people type to get past an empty field.

Collected from facts/pdq.md, from the table that Canonical's firmware test suite made of thousands of bug reports, from GLPI's
list of invalid serials, and from the issues of earlier tools (netbox-sync #74 #111 #159 #215 #263 #470, vcenter-netbox-sync
#31 #103, netbox-ssot #387 #893, fusioninventory #2968).
"""

import string

import pyarrow as pa
import pyarrow.compute as pc

# In the patterns below a blank is any number of separators, none included: "O E M" is OEM and O.E.M., too. They are named by
# ranges, since "neither letter nor digit" makes the expression ten times as slow.
_SEPARATORS = r"[\x00-/:-@\[-`{-\x{bf}\x{2000}-\x{206f}\x{3000}]*"
# The field's own name, with or without the part of the machine: "Type2 - Board Serial Number", "Base Board Asset Tag#".
_PART = r"(?:TYPE \d )?(?:O E M )?(?:(?:SYSTEM|PRODUCT|CHASSIS|ENCLOSURE|BASE BOARD|MAIN BOARD|MOTHER BOARD|BOARD|MB) )?"
_WORDS = (
    _PART + r"SERIAL(?: NUMBER| NUM| NO)?",
    _PART + r"ASSET(?: TAG| NUMBER| NO| ID)?",
    r"SYSTEM (?:PRODUCT NAME|MANUFACTURER|NAME|VERSION|SKU NUMBER|SKU)",
    r"PRODUCT NAME",
    r"ASSET TRACKING",
    r"(?:A\d )?(?:SER NUM|ASSET TAG NUM|O E M DEFINE) \d*",
    r"NO (?:ASSET(?: TAG| INFORMATION| INFO)?|TAG|SERIAL(?: NUMBER| NO)?|ENCLOSURE)(?: SPECIFIED| ASSIGNED)?",
    r"(?:NOT?|NONE) (?:SPECIFIED|APPLICABLE|AVAILABLE|DEFINED|PROVIDED|PRESENT|ASSIGNED|SET|SETTABLE|FOUND|SUPPORT|SUPPORTED)",
    r"NOT (?:RECORDED|ENTERED|KNOWN|ASSET TAGGED)",
    r"NOT SUPPORTED BY CPU",
    r"(?:SERIAL NO )?TO BE (?:FILLED|DEFINED|ASSIGNED|DETERMINED)(?: .*)?",
    r"(?:FILL|FILLED|TBD) BY O [ED] M",
    r"O E M|TBD|TBA|S N|N A|FACTORY DEFAULT|TYPE \d PRODUCT CONFIG ID",
    r"NIL|NONE|NULL|NULL STRING|STRING|DEFAULT|DEFAULT STRING|EMPTY|BLANK|CUT OUT|INVALID",
    # What people say for it in other languages.
    r"UNBEKANNT|KEINE?|OHNE|NICHT VERFÜGBAR|INCONNUE?|AUCUNE?|DESCONOCID[OA]|NINGUN[OA]|SCONOSCIUT[OA]|NESSUN[OA]|ONBEKEND",
    r"GEEN|НЕИЗВЕСТНО|НЕТ",
    r"UNKNOWN?|UN SPECIFIED|UN DEFINED|UN ASSIGNED",
    r"TEST|VIRTUAL|EVAL|IATPASS",
    # Counted up or down behind a word for what should stand there: SYS-1234567890, ATN12345678901234567.
    r"(?:SYS|MB|NB|SN|BSN|CSN|ATN|ASSET) (?:0?1234567890*(?:1234567(?:890?)?)?|9876543210|12345)",
    *(string.ascii_uppercase[:length] for length in range(7, 27)),
    *(f"(?:{letter} )+" for letter in string.ascii_uppercase),
    r"(?:0 )*",
    r"0X0+",
    # The UUID of boards to which nobody gave one.
    r"03000200 0400 0500 0006 000700080009",
)
_LONG_COUNTS = (r"0?1234567(?:8(?:90*(?:1234567(?:890?)?)?)?)?", "9876543210", "0123456789ABCDEF")
_SHORT_COUNTS = (r"0?123(?:4(?:56?)?)?",)


def _whole(separators: str, *patterns: str) -> str:
    either = "|".join(patterns).replace(" ", separators)
    return f"^{separators}(?:{either}){separators}$"


_SERIAL = _whole("", *_WORDS, *_LONG_COUNTS, *_SHORT_COUNTS, *(f"(?:{digit} )+" for digit in string.digits))
_TAG = _whole(_SEPARATORS, *_WORDS, *_LONG_COUNTS, *(f"(?:{digit} ){{7,}}" for digit in string.digits))


def serials(bare: pa.Array) -> pa.Array:
    """Return where a serial, given as its letters and digits in capitals, is junk; null where there is none.

    No maker numbers so low as 1, 123 or 777.
    """
    return pc.match_substring_regex(bare, _SERIAL)


def tags(capitals: pa.Array) -> pa.Array:
    """Return where an asset tag, given in capitals, is junk; null where there is none.

    People number from 1: 7, 0001, 123, 12345 and 111111 are tags of small companies. Digits alone are junk where all of them
    are 0, and where seven or more are one digit or counted up. To refuse a real tag would lose it without a word; to take a
    filler costs little, since a value that several machines share identifies none of them.
    """
    return pc.match_substring_regex(capitals, _TAG)
