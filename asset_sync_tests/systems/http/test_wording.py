"""An error answer is told in one short line that can be printed."""

import pytest

from asset_sync.systems.http.masking import Secrets
from asset_sync.systems.http.wording import detail


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", ""),
        (b'{"detail": "no"}', "no"),
        (b'{"detail": "no", "code": 7}', '{"detail":"no","code":7}'),
        (b'{"a": ["b"]}', '{"a":["b"]}'),
        (b"<html><title> Not\n Found </title>", "Not Found"),
        (b"<html><TITLE lang=en>Oh</TITLE></html>", "Oh"),
        (b"<html><title>never closed", ""),
        (b"<html>no title</html>", ""),
        (b"one\r\n\ttwo\x00\x1b[31mthree\xc2\x85four\xff", "one two [31mthree four\N{REPLACEMENT CHARACTER}"),
        ("one\u202e two\u2066".encode(), "one two"),
        (b"x" * 999, "x" * 299 + "…"),
        (b"x" * 300, "x" * 300),
        (b" " * 200_000 + b"late", "late"),
    ],
)
def test_detail_is_one_short_line(body: bytes, said: str) -> None:
    assert detail(body, Secrets()) == said


def test_escapes_that_hid_a_secret_do_not_come_back_as_lines() -> None:
    assert detail(b"GET%20/%0aToken%3a%300123456789%1b[31m", Secrets(["00123456789"])) == "GET / Token:*** [31m"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"<title" * 600_000,
        b"&#" + b"9" * 500_000,
        b"%25" * 500_000,
    ],
    ids=["lists", "objects", "titles", "entity", "percent"],
)
@pytest.mark.timeout(20)
def test_an_answer_made_to_choke_on_is_told_too(body: bytes) -> None:
    assert len(detail(body, Secrets(["0123456789abcdef"]))) <= 300
