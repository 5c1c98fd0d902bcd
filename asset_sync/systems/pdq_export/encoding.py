"""Text files: from the encodings that Windows programs write to UTF-8, without guessing where it would show."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from typing import Final, NamedTuple

from asset_sync.systems.pdq_export.refusal import Refusal

_BOMS: Final = ((BOM_UTF8, "utf-8", "UTF-8"), (BOM_UTF16_LE, "utf-16-le", "UTF-16"), (BOM_UTF16_BE, "utf-16-be", "UTF-16"))
_LOOKED_AT = 4096
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f]")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NOT_ASCII = re.compile(rb"[\x80-\xff]+")


class Text(NamedTuple):
    """A text in UTF-8 without a byte order mark, and the name of the encoding that it had."""

    utf8: bytes
    encoding: str


def text(data: bytes) -> Text:
    """Return a file's text; refuses bytes that are no text, and text that cannot be read without damage."""
    for bom, codec, name in _BOMS:
        if data.startswith(bom):
            return Text(_without_nul(_transcoded(data[len(bom) :], codec, name)), name)
    _refuse_binary(_without_nul(data))
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return Text(_windows(data, error), "Windows-1252")
    return Text(data, "UTF-8")


def _transcoded(data: bytes, codec: str, name: str) -> bytes:
    try:
        return data.decode(codec).encode()
    except UnicodeDecodeError as error:
        if _is_cut(data, error):
            raise Refusal(f"is cut off in the middle of a character ({name}); export it again") from None
        raise Refusal(f"says that it is {name} and is not, at byte {error.start}; export it again") from None


def _windows(data: bytes, error: UnicodeDecodeError) -> bytes:
    """Windows-1252, unless the text is UTF-8 for the greater part: then it is damaged, and names in it would be spoilt."""
    whole = len(_MULTIBYTE.findall(data))
    if whole and _is_cut(data, error):
        raise Refusal("is cut off in the middle of a character (UTF-8); export it again") from None
    if whole > len(_NOT_ASCII.findall(_MULTIBYTE.sub(b"", data))):
        raise Refusal(f"is UTF-8 with damage at byte {error.start}; export it again") from None
    try:
        return data.decode("cp1252").encode()
    except UnicodeDecodeError as other:
        raise Refusal(f"is neither UTF-8 nor Windows-1252, see byte {other.start}; export it as UTF-8") from None


def _is_cut(data: bytes, error: UnicodeDecodeError) -> bool:
    return error.end == len(data) and error.reason in {"unexpected end of data", "truncated data"}


def _without_nul(data: bytes) -> bytes:
    at = data.find(b"\0")
    if at >= 0:
        raise Refusal(f"holds NUL bytes, the first at byte {at}: it is no text, or UTF-16 without its mark")
    return data


def _refuse_binary(data: bytes) -> None:
    if _CONTROLS.search(data[:_LOOKED_AT]):
        raise Refusal("is neither a text, nor a workbook, nor JSON")
