"""User name aside, nothing that opens WhatsUp Gold is told: no password, no token, no refresh token."""

import logging

import pytest

from asset_sync.reconcile.errors import TargetError
from asset_sync.systems.wug import WugClient
from asset_sync_tests.systems.scripted import Reply, scripted
from asset_sync_tests.systems.wug.conftest import PASSWORD, USER, Lab
from asset_sync_tests.systems.wug.test_client import TOKEN, client_of


def test_secrets_are_in_no_repr_no_log_and_no_error(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lab.client.device_count()
    told = repr(lab.client) + repr(lab.client._http) + repr(lab.client.__dict__) + caplog.text
    echo = Reply({"error": {"status": 400, "code": "x", "message": "x"}, "seen": "Bearer t0ken-one"}, 400)
    with scripted(TOKEN, echo) as script, pytest.raises(TargetError) as caught:
        client_of(script).device_count()
    assert "t0ken-one" not in str(caught.value)
    for secret in (PASSWORD, *lab.state.tokens._access, *lab.state.tokens._refresh):
        assert secret not in told


@pytest.mark.parametrize(
    "answer",
    [
        Reply({"error": {"message": "Bearer t0ken-one, r-one-refresh"}}),
        Reply({"error": {"message": "Bearer t0ken-one"}}, 400),
        Reply({"Message": f"no {PASSWORD}"}, 403),
        Reply({"data": {"success": False, "errors": [f"t0ken-one of {PASSWORD}"]}}),
        Reply({"idMap": [], "errors": [{"templateId": "1", "messages": ["r-one-refresh"]}]}),
        Reply({"data": {"devices": [], "errors": [f"{PASSWORD[:9]} of t0ken-one"]}}),
    ],
)
def test_words_of_the_server_are_told_without_secrets(answer: Reply) -> None:
    token = Reply({"access_token": "t0ken-one", "expires_in": 86399, "refresh_token": "r-one-refresh"})
    told = ""
    with scripted(token, answer) as script, client_of(script) as client:
        for ask in (
            lambda: client.change_attributes("7", {"a": "b"}),
            lambda: client.set_maintenance(["7"], on=True, reason=""),
            lambda: client.create_devices([{"templateId": "1"}]),
            client.in_maintenance,
        ):
            try:
                told += str(ask())
            except TargetError as error:
                told += str(error)
    for secret in ("t0ken-one", "r-one-refresh", PASSWORD, PASSWORD[:9]):
        assert secret not in told


def test_ids_are_no_secrets_though_a_password_looks_like_them() -> None:
    answer = Reply({"idMap": [{"templateId": "12345678", "resultId": "23456789"}], "errors": []})
    with scripted(TOKEN, answer) as script:
        client = WugClient(script.url, USER, "123456789", writable=True)
        assert client.create_devices([{"templateId": "12345678"}]).ids == {"12345678": "23456789"}
