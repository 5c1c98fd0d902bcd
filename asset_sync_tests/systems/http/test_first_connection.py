"""A system that was never reached: told at once, with the variable to look at; one that was reached before is waited for."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asset_sync.components.failures import told_in_one_line
from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError
from asset_sync.systems.http import Client, NeverReached, never_reached
from asset_sync.systems.http.retries import Retries
from asset_sync.systems.http.transport import NoAnswer
from asset_sync.systems.netbox import NetBox
from asset_sync.systems.pdq import PdqConnect, devices
from asset_sync.systems.snipeit import SnipeIt
from asset_sync.systems.wug import WhatsUpGold
from asset_sync_tests.ports import refusing
from asset_sync_tests.systems.http.test_retries import READ
from asset_sync_tests.systems.scripted import Reply, scripted

REFUSED = NoAnswer("no connection", sent=False, failed="connect")


def _netbox(url: str) -> object:
    return NetBox(url=url, token="a" * 40).client().version


def _snipeit(url: str) -> object:
    return SnipeIt(url=url, token="t").client().page("hardware", {})


def _pdq(url: str) -> object:
    return devices(PdqConnect(url=url, token="t").client())


def _wug(url: str) -> object:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (("URL", url), ("USERNAME", "u"), ("PASSWORD", "p4ssw0rd")):
            patched.setenv(f"WUG_MAIN_{name}", value)
        return WhatsUpGold(connection="main").client().device_count()


ASKED: dict[str, Callable[[str], object]] = {
    "NETBOX_URL": _netbox,
    "SNIPEIT_API_URL": _snipeit,
    "PDQ_URL": _pdq,
    "WUG_MAIN_URL": _wug,
}
CA_TOLD = {
    "NETBOX_URL": "ca_file in the sync's YAML, or NETBOX_CA_FILE",
    "SNIPEIT_API_URL": "ca_file in the sync's YAML, or SNIPEIT_CA_FILE",
    "PDQ_URL": "PDQ_CA_FILE",
    "WUG_MAIN_URL": "ca_file in the sync's YAML, or WUG_MAIN_CA_FILE",
}


def told(variable: str, url: str) -> str:
    """Ask in vain; return the words, which come in time, in one line, and not to be tried again."""
    waits: list[float] = []
    here, asleep = threading.get_ident(), time.sleep
    with pytest.MonkeyPatch.context() as patched:
        # What other threads of this process wait for is theirs.
        patched.setattr(time, "sleep", lambda s: waits.append(s) if threading.get_ident() == here else asleep(s))
        with pytest.raises(AssetSyncError) as caught:
            ASKED[variable](url)
    assert sum(waits) < 3
    assert never_reached(caught.value)
    words = str(caught.value)
    assert "\n" not in words
    assert f"{variable} holds the address" in words
    return words


@pytest.mark.parametrize("variable", ASKED)
def test_what_is_no_address_is_told_with_its_variable(variable: str) -> None:
    with pytest.raises(ConfigurationError, match=f"the address, which {variable} holds, must start with http:// or https://"):
        ASKED[variable]("nonsense")


@pytest.mark.parametrize("variable", ASKED)
def test_a_refused_first_connection_is_told_at_once(variable: str) -> None:
    with refusing() as port:
        words = told(variable, f"http://127.0.0.1:{port}")
    assert "it is refused" in words
    assert f"127.0.0.1:{port}" in words


@pytest.mark.parametrize("variable", ASKED)
def test_a_host_name_that_nobody_knows_is_told_at_once(variable: str) -> None:
    assert "nobody knows that host name" in told(variable, "https://nowhere.invalid")


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose certificate nobody signed."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_greet, args=(listener, context), daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"


def _greet(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        try:
            context.wrap_socket(plain, server_side=True).close()
        except OSError:
            plain.close()


@pytest.mark.parametrize("variable", ASKED)
def test_an_untrusted_certificate_is_told_with_what_to_do(variable: str, untrusted: str) -> None:
    words = told(variable, untrusted)
    assert "TLS certificate is not trusted" in words
    assert words.partition("CA's certificates: ")[2].startswith(CA_TOLD[variable])
    assert untrusted.removeprefix("https://") in words


def test_what_was_reached_before_is_waited_for() -> None:
    retries = Retries(longest_wait=60)
    assert [retries.wait(READ, n, REFUSED, reached=False) for n in range(1, 6)] == [0.1, 0.2, 0.4, 0.8, None]
    assert [retries.wait(READ, n, REFUSED) for n in range(1, 6)] == [0.5, 1, 2, 4, None]


def test_another_client_of_a_server_that_answered_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(Reply([1])) as script:
        Client(script.url, name="System").get_json("/things")
        second = Client(script.url, name="System", longest_wait=0.01)
        monkeypatch.setattr(second._transport, "send", lambda _request: REFUSED)
        with pytest.raises(AssetSyncError) as caught:
            second.get_json("/things")
    assert not isinstance(caught.value, NeverReached)


def test_a_step_that_reached_nothing_is_not_tried_again() -> None:
    import dagster as dg

    with pytest.raises(dg.Failure) as caught, told_in_one_line():
        _netbox("http://127.0.0.1:1")
    assert caught.value.allow_retries is False


def test_a_ca_file_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_CA_FILE", "/nowhere/ca.pem")
    with pytest.raises(ConfigurationError, match=r"NetBox: there is no file /nowhere/ca.pem of a CA's certificates"):
        NetBox(url="https://netbox.example", token="a" * 40).client()
