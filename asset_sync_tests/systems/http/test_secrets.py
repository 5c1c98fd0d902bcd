"""A token is told nowhere: in no error, repr or log, wherever in an answer it is echoed."""

import logging
from pathlib import Path

import pytest

from asset_sync.systems.http import Answered, HttpError
from asset_sync_tests.systems.http.clients import SECRET, client
from asset_sync_tests.systems.scripted import Reply, scripted


def test_an_error_answer_is_told_in_one_line_without_the_secret() -> None:
    body = {"detail": f"token {SECRET}\nis bad"}
    with scripted(Reply(body, 403)) as script, pytest.raises(Answered) as caught:
        client(script).get_json("/things")
    words = str(caught.value)
    assert "System: GET" in words
    assert "403 token *** is bad" in words
    assert "\n" not in words
    assert caught.value.body == {"detail": "token ***\nis bad"}


def test_the_secret_is_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted(Reply({}, 429), Reply({})) as script:
        system = client(script)
        system.get_json("/things")
    assert SECRET not in repr(system)
    assert SECRET not in caplog.text


def test_a_netrc_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password wrong\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with scripted(Reply({})) as script:
        client(script).get_json("/things")
    assert script.seen[0].headers["authorization"] == f"Bearer {SECRET}"


def test_a_token_across_the_cut_is_masked() -> None:
    pads = range(230, 310)
    echoes = [Reply(b"~" * pad + f" Authorization: Bearer {SECRET} and more".encode(), 400) for pad in pads]
    with scripted(*echoes) as script:
        system = client(script)
        for _ in pads:
            with pytest.raises(Answered) as caught:
                system.get_json("/things")
            assert "ver" not in str(caught.value).rpartition("Bearer")[2]
            assert "~" * 200 in str(caught.value)


def test_the_body_of_an_error_holds_no_token() -> None:
    body = {"serial": [f"{SECRET} is taken"], SECRET: 7, "rows": [None, True, 1.5, {"deep": f"x{SECRET[:12]}"}]}
    with scripted(Reply(body, 400)) as script, pytest.raises(Answered) as caught:
        client(script).send_json("POST", "/things", {})
    assert caught.value.body == {"serial": ["*** is taken"], "***": 7, "rows": [None, True, 1.5, {"deep": "x***"}]}


def test_a_redirect_to_a_host_named_by_the_token_does_not_tell_it() -> None:
    echo = Reply(b"", 302, {"Location": f"https://{SECRET}.example.com/"})
    with scripted(echo) as script, pytest.raises(HttpError, match=r"redirects to https://\*\*\*\.example\.com") as caught:
        client(script).get_json("/things")
    assert SECRET not in str(caught.value)


def test_every_authorization_stays_secret() -> None:
    with scripted(Reply({"was": SECRET, "is": "another-token"}, 400)) as script:
        system = client(script, secrets=["pass phrase"])
        system.authorize("Bearer another-token")
        system.hide("refresh-me")
        with pytest.raises(Answered) as caught:
            system.get_json("/things")
        assert caught.value.body == {"was": "***", "is": "***"}
        assert script.seen[0].headers["authorization"] == "Bearer another-token"
        assert system.masked(["my pass phrase", 1, "refresh-me"]) == ["my ***", 1, "***"]
