"""Normal forms: what is left of a value when only what tells two things apart is kept. Whole columns at a time."""

import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.kinds import Form

_PUNCTUATION = r"[^\p{L}\p{N}]+"
_ONE_CHARACTER = "|".join(f"{c}+" for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")

# What firmware answers when nobody wrote a serial: vendors' fillers, counted-up digits, one character repeated.
# Collected from facts/pdq.md and from the issues of earlier tools (netbox-sync #215 #74 #263 #111 #470).
_FILLERS = (
    "TOBEFILLEDBYOEM",
    "TOBEFILLEDBYO",
    "TOBEFILLED",
    "OEM",
    "DEFAULTSTRING",
    "DEFAULT",
    "SYSTEMSERIALNUMBER",
    "SYSTEMPRODUCTNAME",
    "CHASSISSERIALNUMBER",
    "BASEBOARDSERIALNUMBER",
    "SERIALNUMBER",
    "SERIAL",
    "NOTSPECIFIED",
    "NOTAPPLICABLE",
    "NOTAVAILABLE",
    "NOTSET",
    "NOSERIAL",
    "NOSERIALNUMBER",
    "INVALID",
    "UNKNOWN",
    "UNSPECIFIED",
    "UNDEFINED",
    "NONE",
    "NULL",
    "NIL",
    "NA",
    "EMPTY",
    "TEST",
    "VIRTUAL",
    "0123456789",
    "123456789",
    "1234567890",
    "12345678",
    "1234567",
    "123456",
    "12345",
    "1234",
    "123",
    "ABCDEFGH",
)
_JUNK = f"^(?:{_ONE_CHARACTER}|{'|'.join(_FILLERS)})?$"


def normal(values: pa.Array, form: Form) -> pa.Array:
    """Return the normal form of a text column; null where a value says nothing (empty, or a junk serial).

    exact: as it stands. folded: case and outer blanks aside. label: case, blanks and punctuation aside ("HP Inc." is
    "hpinc"). serial: as label, in capitals, and junk refused ("To be filled by O.E.M.", "0", "....").
    """
    if form == "exact":
        return _filled(values)
    if form == "folded":
        return _filled(pc.utf8_lower(pc.utf8_trim_whitespace(values)))
    if form == "host":
        return normal(pc.replace_substring_regex(values, pattern=r"/\d+$", replacement=""), "folded")
    if form == "label":
        return _filled(_stripped(pc.utf8_lower(pc.utf8_normalize(values, form="NFKC"))))
    serials = _stripped(pc.utf8_upper(values))
    return pc.if_else(pc.match_substring_regex(serials, _JUNK), pa.scalar(None, serials.type), serials)


def junk(values: pa.Array) -> pa.Array:
    """Return true where a serial is written but is no serial at all."""
    written = pc.fill_null(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0), fill_value=False)
    return pc.and_(written, pc.is_null(normal(values, "serial")))


def joined(columns: list[pa.Array]) -> pa.Array:
    """Return one column from several, null where any of them is null. The separator occurs in no normal form."""
    if len(columns) == 1:
        return columns[0]
    return pc.binary_join_element_wise(*columns, pa.scalar("\x1f", columns[0].type))


def strung(*parts: pa.Array | str, like: pa.Array) -> pa.Array:
    """Return columns and constants strung together, as text of the type of `like`; null where a column is null."""
    columns = [pa.scalar(part, like.type) if isinstance(part, str) else part.cast(like.type) for part in parts]
    return pc.binary_join_element_wise(*columns, pa.scalar("", like.type))


def _filled(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, values.type), values)


def _stripped(values: pa.Array) -> pa.Array:
    # The regular expression costs ten times the look, and most values have nothing to strip.
    clean = pc.fill_null(pc.utf8_is_alnum(values), fill_value=True)
    if pc.all(clean).as_py():
        return values
    dirty = pc.invert(clean)
    stripped = pc.replace_substring_regex(pc.filter(values, dirty), pattern=_PUNCTUATION, replacement="")
    return pc.replace_with_mask(values, dirty, stripped)
