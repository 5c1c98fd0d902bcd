"""Whatever is done to a token before it is echoed: eight characters of it in a row are told nowhere.

The oracle undoes escapes and base64 by itself, in every order that it can think of, and knows nothing of how masking works.
"""

import html
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from asset_sync.systems.http.masking import Secrets
from asset_sync.systems.http.wording import detail

PAD = "é"
HEX = "0123456789abcdef0123456789abcdef01234567"
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + "eyJhdWQiOiIxIiwianRpIjoi" * 20 + ".Kd-9_xyzW"

Escape = Callable[[str], str]


def json_escaped(text: str) -> str:
    return json.dumps(text)[1:-1].replace("/", "\\/")


def every_character(form: str) -> Escape:
    return lambda text: "".join(form.format(ord(one)) for one in text)


ESCAPES: dict[str, Escape] = {
    "plain": str,
    "json": json_escaped,
    "json in json": lambda text: json_escaped(json_escaped(text)),
    "json by code": every_character("\\u{:04x}"),
    "url": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "url by code": every_character("%{:02x}"),
    "url twice": lambda text: quote(quote(text, safe="")),
    "html": html.escape,
    "html by code": every_character("&#{};"),
    "html by hex code": every_character("&#x{:X};"),
    "json in url": lambda text: quote(json_escaped(text)),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "basic": lambda text: "Basic " + b64encode(f"me:{text}".encode()).decode(),
    "header in base64": lambda text: b64encode(f"Authorization: Bearer {text}; more".encode()).decode(),
    "base64 in json": lambda text: json_escaped(b64encode(b"/" + text.encode()).decode()),
    "base64 in url": lambda text: quote(b64encode(b"??" + text.encode()).decode(), safe=""),
    "url safe base64": lambda text: urlsafe_b64encode(f"a{text}".encode()).decode().rstrip("="),
}

tokens = st.sampled_from([HEX, JWT, "nbt_Ab3dEf6h.Jk-lM_n0pQrStUvWxYz", "p&ss=w<rd>+/\\\"'%41 &amp; end"]) | st.text(
    st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=8, max_size=80
)


def unescaped(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else found[2]

    return re.sub(r"\\(?:u([0-9a-f]{4})|(.))", character, text)


def readings(text: str) -> set[str]:
    """Return all that a patient reader makes of a text."""
    found = {text}
    for _ in range(3):
        found |= {undo(one) for one in found for undo in (unescaped, unquote, html.unescape)}
    return found | {read for one in found for read in from_base64(one)}


def from_base64(text: str) -> set[str]:
    words = re.findall(r"[A-Za-z0-9+/_-]{8,}", text)
    parts = [word[skip:].replace("-", "+").replace("_", "/") for word in words for skip in range(4)]
    return {b64decode(part[: len(part) // 4 * 4]).decode("latin-1") for part in parts}


def told(token: str, text: str) -> set[str]:
    """Return the parts of a token that a text tells."""
    parts = {token[at : at + 8] for at in range(len(token) - 7)}
    return {part for part in parts if any(part in reading for reading in readings(text))}


def test_the_oracle_finds_what_is_not_masked() -> None:
    for name, escape in ESCAPES.items():
        assert told(HEX, f"a {escape(HEX)} b"), name
        assert told(HEX, f"a {escape(HEX)[: len(escape(HEX)) // 2]}"), name


@pytest.mark.parametrize("name", ESCAPES)
@settings(max_examples=40)
@given(token=tokens, pad=st.integers(0, 400), tail=st.integers(0, 40), kept=st.floats(0, 1), in_json=st.booleans())
@example(token=HEX, pad=250, tail=5, kept=1.0, in_json=False)
@example(token=HEX, pad=0, tail=0, kept=0.7, in_json=True)
def test_no_part_of_a_token_is_told(name: str, token: str, pad: int, tail: int, kept: float, *, in_json: bool) -> None:
    echo = ESCAPES[name](token)
    echo = echo[: round(len(echo) * kept)]
    text = f"{PAD * pad} Authorization: {echo} {PAD * tail}"
    body = json.dumps({"seen": text, "code": 1}) if in_json else text
    said = detail(body.encode(), Secrets([token]))
    assert not told(token, said)
    # What is not secret is told as it was.
    assert said.count(PAD) >= min(pad, 200)
    assert len(said) <= 300
    assert "\n" not in said


@given(token=tokens, begin=st.integers(0, 80), length=st.integers(8, 80))
@example(token="p&ss=w<rd>+/\\\"'%41 &amp; end", begin=0, length=16)
def test_any_eight_characters_of_a_token_are_masked(token: str, begin: int, length: int) -> None:
    part = token[begin : begin + length]
    if len(part) >= 8:
        assert Secrets([token]).masked(f"{PAD}{part}{PAD}") == f"{PAD}***{PAD}"


@given(st.text(max_size=400))
def test_without_a_secret_a_text_stays_as_it_is(text: str) -> None:
    assert Secrets().masked(text) == text
    assume(not any(HEX[at : at + 8] in text for at in range(len(HEX))))
    assert Secrets([HEX]).masked(text) == text


def test_the_words_around_a_secret_stay() -> None:
    secrets = Secrets([HEX])
    assert secrets.masked(f"{HEX}{HEX[:9]}, 50% of \\d &c. {HEX}") == "***, 50% of \\d &c. ***"
    assert secrets.masked(f"Token {HEX} is not a token: 0123456") == "Token *** is not a token: 0123456"


def test_half_of_a_short_password_is_masked_and_letters_are_not() -> None:
    secrets = Secrets(["hunter22", "t", ""])
    assert secrets.masked("hunt for hunter22 in the attic") == "*** for *** in the attic"


def test_json_is_masked_text_by_text() -> None:
    content = {"a": [HEX, 1, None, True, {"b": f"x {HEX[:8]} y", HEX: "k"}]}
    assert Secrets([HEX]).masked_json(content) == {"a": ["***", 1, None, True, {"b": "x *** y", "***": "k"}]}
    assert Secrets([HEX]).masked_json("plain") == "plain"


def test_secrets_of_sessions_are_masked_and_the_oldest_of_many_are_let_go() -> None:
    secrets = Secrets([HEX])
    renewed = [f"{number:03d}-session" for number in range(40)]
    for one in renewed:
        secrets.add(one)
        secrets.add(one)
    said = secrets.masked(" ".join([HEX, *renewed]))
    assert HEX not in said
    assert "039-session" not in said
    assert "020-session" not in said
    assert secrets.masked("000-other") == "000-other"


def test_the_secrets_are_in_no_repr() -> None:
    assert HEX not in repr(Secrets([HEX]))
