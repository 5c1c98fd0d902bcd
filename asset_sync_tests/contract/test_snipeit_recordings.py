"""The simulated Snipe-IT against recorded answers of a real 8.1.4, request by request: status, messages, keys and types."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from asset_sync.sandbox.company import Company
from asset_sync.sandbox.snipeit import SnipeState, Token, create_app

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

FILE = Path(__file__).parent / "recordings" / "snipeit-8.1.4" / "reads.jsonl"
Case = dict[str, Any]

NOT_COVERED = {
    **dict.fromkeys(
        (
            *("checkin_hardware", "checkout_hardware", "delete_hardware", "delete_hardware_again", "patch_hardware"),
            *("patch_hardware_invalid", "post_hardware", "post_invalid", "restore_hardware"),
        ),
        "the mirror only reads, and so the simulator has no writes",
    ),
    "hardware_components": "which components are in an asset is not simulated, and nobody asks for it",
}
"""Recordings that are not compared, and why."""

OTHER_PICTURES = {"image", "avatar", "alt_barcode", "qr", "icon", "file", "signature_file"}
"""Nothing has a picture, a barcode or a file here: null where the real server has an address."""

TOKENS = {
    "superuser": Token(),
    "superuser, locale de-DE": Token(locale="de-DE"),
    "superuser, API_THROTTLE_PER_MINUTE=120": Token(),
    "viewer, no superuser": Token(superuser=False),
    "only assets.view": Token(superuser=False, denied=frozenset({"reports/activity", "fields", "licenses", "users"})),
}
MESSAGES = {"throttled_429", "version", "health", "root", "root_slash"}


@cache
def cases() -> Mapping[str, Case]:
    return {case["name"]: case for case in map(json.loads, FILE.read_text(encoding="utf-8").splitlines())}


@cache
def state() -> SnipeState:
    """A register in which everything that was recorded has something to be about."""
    made = SnipeState(Company(120, 3), 3)
    made.update("licenses", 1, seats=40)
    fields = {3: "Small", 4: "2026-01-05", 6: "secret"}
    for asset_id in (1, 2):
        made.update("models", made.hardware.rows[asset_id].model_id, fieldset_id=1)
        made.update("hardware", asset_id, name="changed & co", notes="**b** A & B", custom_fields=fields)
    made.checkout(_free(made), "user", 5)
    made.hand_out("components", 1, "asset", 2)
    asset = {"asset_tag": "GONE", "model_id": 1, "status_id": 1}
    user = {"username": "gone", "first_name": "Gone"}
    for table, columns in (("manufacturers", {"name": "Gone"}), ("users", user), ("hardware", asset)):
        made.delete(table, made.create(table, **columns))
    # Only what the log leaves out of the differences was changed.
    made.activity.rows[made.activity.last_id].log_meta = {}
    return made


def _free(register: SnipeState) -> int:
    return register.create("hardware", asset_tag="FREE", model_id=1, status_id=1)


def _trashed(table: str) -> int:
    return next(one for one, row in state().tables[table].rows.items() if row.deleted_at is not None)


def _path(case: Case) -> str:
    """The path of the recording, with an id of the simulated register in it."""
    asset = state().hardware.rows[1]
    gone = state().hardware.rows[_trashed("hardware")]
    seat = state().seats_of(1)[0]
    others = {
        "bytag": f"hardware/bytag/{asset.asset_tag}",
        "byserial": f"hardware/byserial/{asset.serial}",
        "bytag_trashed": "hardware/bytag/NO-SUCH-TAG",
        "bytag_deleted_true": f"hardware/bytag/{gone.asset_tag}",
        "single_hardware_trashed": f"hardware/{gone.id}",
        "single_after_restore": "hardware/1",
        "single_manufacturers_trashed": f"manufacturers/{_trashed('manufacturers')}",
        "single_user_trashed": f"users/{_trashed('users')}",
        "seat_single": f"licenses/1/seats/{seat.id}",
        "seat_missing": "licenses/1/seats/9999999",
        **dict.fromkeys(("seats_first", "seats_beyond_total", "seats_limit_over"), "licenses/1/seats"),
    }
    name = case["name"]
    return f"/api/v1/{others[name]}" if name in others else str(case["request"]["path"])


def _answer(case: Case, throttle: int | None = None) -> Any:
    request = case["request"]
    app = create_app(state(), tokens={"t": TOKENS.get(case["as"], Token())}, throttle=throttle)
    client = TestClient(app, follow_redirects=False)
    headers = dict(request["headers"])
    if case["as"] is not None:
        headers["Authorization"] = f"Bearer {'t' if case['as'] in TOKENS and 'bad_token' not in case['name'] else 'wrong'}"
    query = request["query"] if isinstance(request["query"], list) else list(request["query"].items())
    if case["name"] == "throttled_429":
        client.get("/api/v1/version", headers=headers)
    return client.request(
        request["method"], _path(case), params=[tuple(one) for one in query], headers=headers, content=_content(request["body"])
    )


def _content(body: Any) -> str | None:
    """The body as it was sent: JSON, or text that is none."""
    return body if body is None or isinstance(body, str) else json.dumps(body)


def _differences(wanted: Any, got: Any, path: str = "") -> Iterator[str]:
    """Where two answers differ in keys or types; null may stand for anything."""
    if wanted is None or got is None or path.rpartition(".")[2] in OTHER_PICTURES:
        return
    if isinstance(wanted, dict) and isinstance(got, dict):
        yield from _keyed(wanted, got, path)
    elif isinstance(wanted, list) and isinstance(got, list):
        for one in got:
            if wanted:
                yield from min((list(_differences(other, one, f"{path}[]")) for other in wanted), key=len)
    elif type(wanted) is not type(got) and {type(wanted), type(got)} != {list, dict}:
        yield f"{path}: {type(wanted).__name__} is wanted, not {type(got).__name__}"


def _keyed(wanted: Case, got: Case, path: str) -> Iterator[str]:
    last = path.rpartition(".")[2]
    if last in ("custom_fields", "log_meta"):
        if wanted and got:
            yield from _differences(next(iter(wanted.values())), next(iter(got.values())), f"{path}.*")
        return
    if last == "permissions":
        return
    if wanted.keys() != got.keys():
        yield f"{path}: other keys {sorted(wanted.keys() ^ got.keys())}"
    for name in wanted.keys() & got.keys():
        yield from _differences(wanted[name], got[name], f"{path}.{name}")


@pytest.mark.parametrize("name", sorted(cases().keys() - NOT_COVERED.keys() - {"throttled_429"}))
def test_an_answer_has_the_recorded_shape(name: str) -> None:
    case = cases()[name]
    answer = _answer(case)
    assert answer.status_code == case["status"]
    assert _type(answer.headers["content-type"]) == _type(case["headers"]["content-type"])
    if case["headers"]["content-type"].startswith("text/html"):
        assert urlsplit(answer.headers["location"]).path == urlsplit(case["headers"]["location"]).path
        return
    body, wanted = answer.json(), case["body"]
    if "rows" not in wanted and ("messages" in wanted or "message" in wanted or "error" in wanted or name in MESSAGES):
        assert body == wanted
        return
    assert list(_differences(wanted, body)) == []
    if "rows" in wanted and not name.startswith("trash_"):
        # Without rows nothing was compared. What was in the trash is the server's own affair.
        assert bool(body["rows"]) == bool(case["rows"])


def _type(content_type: str) -> str:
    return content_type.replace(" ", "")


def test_more_than_the_throttle_allows_is_refused_without_a_header_about_it() -> None:
    case = cases()["throttled_429"]
    answer = _answer(case, throttle=1)
    assert (answer.status_code, answer.json()) == (case["status"], case["body"])
    assert not {name for name in answer.headers if name.startswith("x-ratelimit") or name == "retry-after"}


def test_an_answer_tells_what_is_left_of_the_throttle() -> None:
    for name in ("version", "denied_users", "post_bad_json", "list_fields"):
        told = {header for header in cases()[name]["headers"] if header.startswith("x-ratelimit")}
        assert told <= {header for header in _answer(cases()[name], throttle=9).headers if header.startswith("x-ratelimit")}


def test_words_are_those_that_were_recorded() -> None:
    """Of what was recorded in two languages, the simulator knows each word."""
    from asset_sync.sandbox.snipeit.words import action_word

    english = {row["action_type"] for row in cases()["bad_sort_reports_activity"]["body"]["rows"]}
    german = {row["action_type"] for row in cases()["activity_german"]["body"]["rows"]}
    assert english == {action_word(code, "en-US") for code in ("update", "create")}
    assert german == {action_word(code, "de-DE") for code in ("update", "create")}


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("**b** A & B", "<strong>b</strong> A &amp; B"),
        ("**b** & c", "<strong>b</strong> &amp; c"),
        ("a&nbsp;b *it*", "a&nbsp;b <em>it</em>"),
        ("`code` N/A", "<code>code</code> N/A"),
        ("~~x~~ Zürich—É ñ 漢字", "<del>x</del> Zürich—É ñ 漢字"),
        ("line1\nline2  \nline3 x < y > z", "line1\nline2<br />\nline3 x &lt; y &gt; z"),
        ("<script>alert(1)</script> *it*", "&lt;script&gt;alert(1)&lt;/script&gt; <em>it</em>"),
        ('O\'Neil "the" Great', "O'Neil &quot;the&quot; Great"),
        ("already &amp; escaped", "already &amp; escaped"),
        (
            "see https://example.com/x?y=1&z=2 & <b>",
            'see <a href="https://example.com/x?y=1&amp;z=2">https://example.com/x?y=1&amp;z=2</a> &amp; &lt;b&gt;',
        ),
    ],
)
def test_notes_are_rendered_as_they_were_recorded(typed: str, recorded: str) -> None:
    from asset_sync.sandbox.snipeit.markdown import inline_html

    assert inline_html(typed) == recorded
    assert any(
        f'"notes":{json.dumps(recorded, ensure_ascii=False)}' in line for line in FILE.read_text("utf-8").splitlines()
    ) or (recorded in NOT_IN_READS)


NOT_IN_READS = {"already &amp; escaped", "a&nbsp;b <em>it</em>"}
"""Recorded in rows that are not among the first of their lists."""
