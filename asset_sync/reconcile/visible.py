"""Somebody else's text, in which no character acts on the terminal or the page that shows it."""

from typing import Final

_CONTROLS: Final = {*range(0x20), *range(0x7F, 0xA0)} - {*map(ord, "\t\n")}
_TURNING: Final = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
"""What turns the direction of writing, so that a name reads as another one."""
ACTING: Final = "".join(map(chr, sorted(_CONTROLS | _TURNING)))
"""The characters that act."""
_CODES: Final = {code: f"\\x{code:02x}" for code in _CONTROLS} | {code: f"\\u{code:04x}" for code in _TURNING}


def visible(text: str) -> str:
    """Return a text with the codes of control characters, and of those that turn the direction of writing, in their place."""
    return text.translate(_CODES)
