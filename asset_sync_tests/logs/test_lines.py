"""How a line is written, and that none shows a secret."""

import io
import json
import logging
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from asset_sync.logs.lines import Line, in_json, in_text
from asset_sync.logs.masking import Masked

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRETS = {
    "NETBOX_TOKEN": "nbt_0123456789abcdef",
    "WUG_BRANCH_PASSWORD": 'quo"te\\d-pass',
    "DATABASE_URL": "postgresql://pat:hunter2hunter2@db/asset_sync",
    "ASSET_SYNC_ALERT_URL": "https://hooks.example.com/T00/B11/xyzzyplugh",
    "OTEL_EXPORTER_OTLP_HEADERS": "api-key=0badc0de0badc0de",
}
SAID = ("nbt_0123456789abcdef", 'quo"te\\d-pass', "hunter2hunter2", "xyzzyplugh", "0badc0de0badc0de")


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def in_base64(secret: str) -> str:
    return b64encode(secret.encode()).decode()


def shows(text: str) -> list[str]:
    """Return the secrets that a text shows, as they are, as JSON or in base64."""
    return [secret for secret in SAID if any(each in text for each in (secret, json.dumps(secret)[1:-1], in_base64(secret)))]


@pytest.mark.parametrize("write", [in_text, in_json])
def test_no_line_shows_a_secret(write: Callable[[Line], str]) -> None:
    for secret in SAID:
        errors = (f"said {json.dumps(secret)}", in_base64(secret))
        line = Line(AT, logging.ERROR, f"refused {secret}.", errors=errors)
        written = write(line)
        assert shows(written) == []
        assert "***" in written
    assert "hooks.example.com" in write(Line(AT, logging.INFO, "https://hooks.example.com and user pat at db"))


def test_the_filter_masks_words_arguments_and_tracebacks_of_any_handler() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(Masked())
    log = logging.Logger("some library")
    log.addHandler(handler)
    for secret in SAID:
        log.warning("asked with %s", secret)
        try:
            int(secret)
        except ValueError:
            log.exception("failed")
    assert shows(out.getvalue()) == []
    assert out.getvalue().count("Traceback") == len(SAID)
    assert "asked with ***" in out.getvalue()


def test_text_is_one_line_for_people() -> None:
    failed = Line(AT, logging.ERROR, "run failed\n  in two lines", seconds=1.5, counts={"applied": 2}, errors=("a: x",))
    line = replace(failed, run_id="aabbccdd-9", sync="a_to_b", partition="berlin")
    assert in_text(line) == (
        "2026-03-01T12:00:00.000+00:00 ERROR a_to_b/berlin aabbccdd: run failed | in two lines; 1.5 s, applied 2; a: x"
    )


def test_what_a_server_says_does_nothing_to_the_terminal_that_shows_the_log() -> None:
    assert in_text(Line(AT, logging.INFO, "a\x1b[2Jb\u202ec\x00", sync="s")).endswith("s: a\\x1b[2Jb\\u202ec\\x00")


def test_json_has_what_there_is() -> None:
    told = json.loads(in_json(Line(AT, logging.INFO, "more\n", logger="uvicorn")))
    assert told == {"time": "2026-03-01T12:00:00.000+00:00", "level": "INFO", "message": "more\n", "logger": "uvicorn"}
    ended = json.loads(in_json(Line(AT, logging.INFO, "run succeeded", succeeded=False, seconds=0.0, event="run_ended")))
    assert (ended["succeeded"], ended["seconds"]) == (False, 0.0)
