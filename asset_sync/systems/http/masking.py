"""What no error, log or plan may show: our secrets, whole or in part, however a server writes them.

A server may echo a request into its answer (a debugging proxy, a validator that quotes its input), cut the echo anywhere, and
write it into JSON, into a URL, into HTML or in base64. So what is looked for are not whole secrets but a few characters of one
in a row, in the text as it stands and without its escapes, before anybody shortens it.
"""

import re
import threading
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

_MASK: Final = "***"
_RUN: Final = 8
"""So many characters in a row are masked; what is shorter tells nothing of use of a token of 40."""
_SHORTEST_RUN: Final = 4
"""A secret below that is none: masking it would leave no text legible."""
_LAYERS: Final = 4
"""How often a text may have been escaped over: JSON in JSON in a URL is three."""
_DEEPEST: Final = 20
"""Below that, a value is not told: neither do errors nest like this, nor could all of them be written again."""
_KEPT: Final = 20
"""How many secrets of sessions are remembered: a server that gives a new token for each request gives many."""
_ESCAPE: Final = re.compile(
    r"""  \\u00 ([0-9a-f]{2})
        | \\x   ([0-9a-f]{2})
        | &\#x0* ([0-9a-f]{2});?
        | &\#0*  ([0-9]{2,3});?
        | \\    (["'/\\])
        | &      (amp|quot|apos|lt|gt);?
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""The escapes of JSON and HTML for the characters that are in secrets."""
_ENTITIES: Final = {"amp": "&", "quot": '"', "apos": "'", "lt": "<", "gt": ">"}
_TO_URL_SAFE: Final = str.maketrans("+/", "-_")


class Secrets:
    """The secrets of one system: those that are given, and those of its sessions. Safe to share between threads."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._given = frozenset(secrets)
        self._of_sessions: deque[str] = deque(maxlen=_KEPT)
        self._runs: Mapping[int, frozenset[str]] | None = None
        self._lock = threading.Lock()

    def add(self, secret: str) -> None:
        """Mask that secret of a session, too; of all that are added, the last 20 are remembered."""
        with self._lock:
            if secret not in self._of_sessions:
                self._of_sessions.append(secret)
                self._runs = None

    def masked(self, text: str) -> str:
        """Return a text with `***` where a secret or a part of one stands; without its escapes where they hid one."""
        return _masked(text, self._known_runs())

    def masked_json(self, content: Any) -> Any:
        """Return JSON with all of its texts masked; what nests too deep for an error is left out."""
        return _deep(content, self._known_runs(), 0)

    def _known_runs(self) -> Mapping[int, frozenset[str]]:
        with self._lock:
            if self._runs is None:
                self._runs = _runs_of({*self._given, *self._of_sessions})
            return self._runs


def _runs_of(secrets: Iterable[str]) -> dict[int, frozenset[str]]:
    """Return all that is looked for, by its length: each run of each way to write each secret."""
    runs: dict[int, set[str]] = defaultdict(set)
    for secret in secrets:
        # Eight characters are much of a short password.
        size = min(_RUN, max(_SHORTEST_RUN, len(secret) // 2))
        for written in {secret, secret.replace(" ", "+"), *_read(secret)}:
            runs[size].update(_windows(written, size))
        for written in _in_base64(secret):
            size_64 = min(_RUN, max(_SHORTEST_RUN, len(written)))
            runs[size_64].update(_windows(written, size_64))
    return {size: frozenset(found) for size, found in runs.items()}


def _read(secret: str) -> set[str]:
    """Return what is read of a secret that has escapes itself: as a whole, and cut, since a cut may go through one of them."""
    if _unescaped(secret) == secret:
        return set()
    return {_unescaped(part) for at in range(len(secret)) for part in (secret[:at], secret[at:])}


def _windows(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(len(text) - size + 1))


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what is the same in the base64 of every text that a secret is in: it depends on the place, modulo three."""
    for before in range(3):
        raw = bytes(before) + secret.encode()
        # Only characters of which all six bits are the secret's.
        sure = b64encode(raw).decode()[-(-before * 8 // 6) : len(raw) * 8 // 6]
        yield sure
        yield sure.translate(_TO_URL_SAFE)


def _deep(said: Any, runs: Mapping[int, frozenset[str]], depth: int) -> Any:
    if isinstance(said, str):
        return _masked(said, runs)
    if not isinstance(said, dict | list):
        return said
    if depth == _DEEPEST:
        return "…"
    if isinstance(said, list):
        return [_deep(value, runs, depth + 1) for value in said]
    return {_masked(key, runs): _deep(value, runs, depth + 1) for key, value in said.items()}


def _masked(text: str, runs: Mapping[int, frozenset[str]]) -> str:
    plain = _unescaped(text)
    places = _places(plain, runs)
    if places or plain == text:
        return _covered(plain, places)
    return _covered(text, _places(text, runs))


def _unescaped(text: str) -> str:
    for _ in range(_LAYERS):
        escaped, text = text, unquote(_ESCAPE.sub(_character, text))
        if text == escaped:
            break
    return text


def _character(escape: re.Match[str]) -> str:
    in_json, in_code, in_hex, in_html, after_backslash, named = escape.groups()
    if hexadecimal := in_json or in_code or in_hex:
        return chr(int(hexadecimal, 16))
    return chr(int(in_html)) if in_html else after_backslash or _ENTITIES[named.lower()]


def _places(text: str, runs: Mapping[int, frozenset[str]]) -> list[tuple[int, int]]:
    """Return where runs begin and end, in order; they may overlap."""
    return sorted(
        (at, at + size) for size, known in runs.items() for at, window in enumerate(_windows(text, size)) if window in known
    )


def _covered(text: str, places: Iterable[tuple[int, int]]) -> str:
    pieces: list[str] = []
    shown_to = 0
    for begin, end in places:
        if begin > shown_to or not pieces:
            pieces += [text[shown_to:begin], _MASK]
        shown_to = max(shown_to, end)
    return "".join([*pieces, text[shown_to:]])
