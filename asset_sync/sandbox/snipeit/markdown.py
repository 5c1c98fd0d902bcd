"""Markdown as Snipe-IT renders it: inline for notes, in blocks for EULAs; and the text that a reader then sees.

Source: recorded answers of Snipe-IT 8.1.4, which uses Parsedown in safe mode. Entities that people typed stay as they are,
of the quotes only the double one becomes an entity, addresses become links. Of blocks, nothing but paragraphs is known here.
"""

import re
from collections.abc import Callable
from html import unescape

_TOKEN = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<address>[^)\s]+)\)"
    r"|(?P<url>\bhttps?://[^\s<]+\b/*)"
    r"|\*\*(?=\S)(?P<strong>.+?)(?<=\S)\*\*"
    r"|\*(?=\S)(?P<em>.+?)(?<=\S)\*"
    r"|~~(?=\S)(?P<del>.+?)(?<=\S)~~"
    r"|(?P<entity>&(?:\#\d+|\#x[0-9a-fA-F]+|\w+);)"
    r"|(?P<br>\ {2,}\n)"
    r"|(?P<special>[&<>\"])"
)
_SPECIAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_PARAGRAPHS = re.compile(r"\n{2,}")


def inline_html(text: str) -> str:
    """Notes as the API shows them: inline HTML, with line breaks only where two spaces ask for one."""
    return _TOKEN.sub(_html, text)


def block_html(text: str) -> str:
    """An EULA as the API shows it: a paragraph a blank line."""
    return "\n".join(f"<p>{inline_html(one)}</p>" for one in _PARAGRAPHS.split(text))


def readable(text: str) -> str:
    """What a reader of the rendered text sees, with the address of a link behind its label where the two differ."""
    return _TOKEN.sub(_seen, text)


def _html(found: re.Match[str]) -> str:
    kind, inner = found.lastgroup or "", found[found.lastgroup or 0]
    match kind:
        case "strong" | "em" | "del":
            return f"<{kind}>{inline_html(inner)}</{kind}>"
        case "code":
            return f"<code>{_escaped(inner)}</code>"
        case "url" | "address":
            shown = inline_html(found["label"]) if kind == "address" else _escaped(inner)
            return f'<a href="{_escaped(inner)}">{shown}</a>'
    return {"entity": inner, "br": "<br />\n"}.get(kind) or _SPECIAL[inner]


def _seen(found: re.Match[str]) -> str:
    kind, inner = found.lastgroup or "", found[found.lastgroup or 0]
    match kind:
        case "strong" | "em" | "del":
            return readable(inner)
        case "address":
            return f"{readable(found['label'])} ({inner})"
        case "entity":
            return unescape(inner)
        case "br":
            return "\n"
    return inner


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(one, one) for one in text)


def or_none(render: Callable[[str], str], text: str | None) -> str | None:
    """The rendered text; None, and the empty text, stay null."""
    return render(text) if text else None
