"""What a checkup says of a server's certificate."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from asset_sync.systems.checkup import Finding
from asset_sync.systems.http.checking import encrypted
from asset_sync.systems.http.heard import Heard
from asset_sync_tests.systems.http.test_first_connection import _greet


@dataclass
class Asked:
    base_url: str
    trust: bool | str
    ca_told: str = "NETBOX_CA_FILE"
    heard: Heard | None = None


@contextmanager
def serving(folder: Path, days: int, name: str = "IP:127.0.0.1") -> Iterator[tuple[str, str]]:
    """The address of a server, and the file of the certificate that it shows, which is its own CA's."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", str(days), "-subj", "/CN=The own CA", "-addext", f"subjectAltName={name}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_greet, args=(listener, context), daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", str(certificate)


@pytest.mark.parametrize(("days", "status"), [(60, "ok"), (5, "warn")])
def test_a_certificate_of_the_named_ca_is_told_with_its_days(tmp_path: Path, days: int, status: str) -> None:
    with serving(tmp_path, days) as (url, ca_file):
        found = encrypted(Asked(url, ca_file))
    assert found is not None
    assert (found.check, found.status) == ("tls", status)
    left = {f"verified by {ca_file}; issued by The own CA, {n} days left" for n in (days - 1, days)}
    assert found.told in left


def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path) -> None:
    with serving(tmp_path, 60, "DNS:elsewhere.example") as (url, ca_file):
        found = encrypted(Asked(url, ca_file))
    assert found is not None
    assert found.status == "fail"
    assert "IP address mismatch" in found.told
    assert "NETBOX_CA_FILE" in found.to_do


def test_what_is_not_verified_or_not_encrypted_is_told_without_asking() -> None:
    unverified = encrypted(Asked("https://127.0.0.1:1", trust=False))
    assert unverified is not None
    assert (unverified.status, unverified.told) == ("warn", "its certificate is not verified")
    plain = encrypted(Asked("http://netbox.example", trust=True))
    assert plain is not None
    assert plain.status == "warn"
    assert encrypted(Asked("http://localhost:8000", trust=True)) == Finding("tls", "skipped", "http, within this machine")
    assert encrypted(Asked("https://127.0.0.1:1", trust=True)) is None


def test_behind_a_proxy_no_certificate_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    found = encrypted(Asked("https://netbox.example", trust=True))
    assert found is not None
    assert found.status == "skipped"
