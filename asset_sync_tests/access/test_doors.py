"""People whom somebody else signs in: a proxy by its header, an OIDC provider by its word."""

import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from joserfc.jwk import RSAKey

from asset_sync.access import tokens
from asset_sync.access.access import Access
from asset_sync.access.passwords import hashed
from asset_sync.access.users import add_token, remove_user, users_file
from asset_sync.api.app import create_app
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.sandbox.server import Server
from asset_sync_tests.access.provider import CLIENT, SECRET, Provider, provider_app
from asset_sync_tests.api.serving import serving
from asset_sync_tests.pages.lab import PASSWORD, TOKEN, Visitor

HEADER = {"X-Remote-User": "kim", "X-Remote-Groups": "staff, reviewers"}


@pytest.fixture(autouse=True)
def small(home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger with nothing in it, and a user file that gives groups their roles."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    write_users({"sue": {"roles": ["operate"]}})


def _trust_a_proxy(monkeypatch: pytest.MonkeyPatch, addresses: str = "127.0.0.1") -> None:
    monkeypatch.setenv("ASSET_SYNC_PROXY_ADDRESSES", addresses)
    monkeypatch.setenv("ASSET_SYNC_PROXY_USER_HEADER", "X-Remote-User")


def write_users(users: dict[str, Any]) -> None:
    users_file().write_text(yaml.safe_dump({"users": users, "groups": {"reviewers": ["approve"]}}), encoding="utf-8")


@pytest.mark.parametrize(
    ("named", "headers", "person"),
    [
        ("127.0.0.1", HEADER, "kim (approve, see)"),
        ("10.0.0.0/8, 127.0.0.0/24", HEADER, "kim (approve, see)"),
        ("127.0.0.1", {**HEADER, "X-Remote-User": "sue"}, "sue (approve, operate, see)"),
        ("10.9.8.7", HEADER, None),
        ("10.9.8.7", {**HEADER, "X-Forwarded-For": "10.9.8.7"}, None),
        ("127.0.0.1", {}, None),
    ],
)
def test_a_header_counts_where_it_comes_from_the_proxy_that_is_named(
    named: str, headers: dict[str, str], person: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _trust_a_proxy(monkeypatch, named)
    monkeypatch.setenv("ASSET_SYNC_PROXY_GROUPS_HEADER", "X-Remote-Groups")
    with serving(TOKEN) as server:
        somebody = Visitor(server.url, headers)
        somebody.open("decisions")
        if person is None:
            assert "Sign in" in somebody.words
            assert httpx.get(f"{server.url}/plans", headers=headers).status_code == 401
            return
        assert person in somebody.words
        assert httpx.get(f"{server.url}/plans", headers=headers).json() == {"plans": []}
        by_another_site = somebody.client.post("decisions/1/take-back")
        assert (by_another_site.status_code, "not sent by a page of this session" in by_another_site.text) == (403, True)


def test_whom_the_proxy_names_and_nobody_gave_a_role_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _trust_a_proxy(monkeypatch)
    with serving(TOKEN) as server:
        stranger = Visitor(server.url, {"X-Remote-User": "stranger"})
        stranger.open("decisions")
        assert (stranger.status, "stranger does not have" in stranger.words) == (403, True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that the service goes by, on a port that it will have."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    provider = Provider({"sub": "17", "preferred_username": "kim", "groups": ["reviewers", "others"]})
    with Server(provider_app(provider)) as served:
        monkeypatch.setenv("ASSET_SYNC_PUBLIC_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("ASSET_SYNC_OIDC_ISSUER", served.url)
        monkeypatch.setenv("ASSET_SYNC_OIDC_CLIENT_ID", CLIENT)
        monkeypatch.setenv("ASSET_SYNC_OIDC_CLIENT_SECRET", SECRET)
        with serving(TOKEN, port=port):
            yield provider


def public_url() -> str:
    return Access.of_environment(TOKEN).public_url or ""


def test_an_oidc_provider_signs_a_person_in_whose_groups_say_what_they_may(told: Provider) -> None:
    somebody = Visitor(public_url())
    somebody.open("decisions")
    assert "Sign in with your organisation's account" in somebody.words
    somebody.open("oidc")
    assert "kim (approve, see)" in somebody.words
    assert "Decisions" in somebody.words
    (asked,) = told.asked.values()
    assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "openid profile email")


@pytest.mark.parametrize("entry", [{"password": hashed(PASSWORD)}, {}, {"oidc": "18"}])
def test_a_name_that_a_person_of_the_provider_has_gives_them_no_role_of_that_user(
    told: Provider, entry: dict[str, str]
) -> None:
    write_users({"sue": {"roles": ["operate"], **entry}})
    told.claims = {**told.claims, "preferred_username": "sue", "groups": []}
    somebody = Visitor(public_url())
    somebody.open("oidc")
    assert somebody.status == 403
    assert "asset-sync users add sue --role see --oidc 17" in somebody.words
    somebody.open("decisions")
    assert "Sign in" in somebody.words
    told.claims = {**told.claims, "groups": ["reviewers"]}
    somebody.open("oidc")
    assert "sue (by OIDC) (approve, see)" in somebody.words


def test_a_person_of_the_provider_is_known_by_the_subject_and_has_the_name_of_the_user_file(told: Provider) -> None:
    write_users({"anna": {"roles": ["operate"], "oidc": "17"}})
    told.claims = {"sub": "17", "preferred_username": "whatever"}
    somebody = Visitor(public_url())
    somebody.open("oidc")
    somebody.open("decisions")
    assert "anna (operate, see)" in somebody.words
    write_users({"anna": {"roles": ["operate"], "oidc": "18"}})
    somebody.open("decisions")
    assert "Sign in" in somebody.words


def test_who_a_provider_tells_no_subject_of_is_not_let_in(told: Provider) -> None:
    told.claims = {"preferred_username": "kim", "groups": ["reviewers"]}
    somebody = Visitor(public_url())
    somebody.open("oidc")
    assert somebody.status == 403


def test_a_user_with_a_password_comes_by_that_and_not_by_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    write_users({"sue": {"roles": ["operate"], "password": hashed(PASSWORD)}})
    _trust_a_proxy(monkeypatch)
    with serving(TOKEN) as server:
        somebody = Visitor(server.url, {"X-Remote-User": "sue"})
        somebody.open("decisions")
        assert (somebody.status, "sue does not have" in somebody.words) == (403, True)
        sue = Visitor(server.url)
        sue.sign_in("sue")
        assert "sue (operate, see)" in sue.words


def test_what_a_provider_does_not_sign_or_not_for_this_session_lets_nobody_in(told: Provider) -> None:
    somebody = Visitor(public_url())
    refused: list[dict[str, Any]] = [{"aud": "another service"}, {"nonce": "another's"}, {"exp": 1}, {"iss": "http://another"}]
    good = told.claims
    for claims in refused:
        told.claims = {**good, **claims}
        somebody.open("oidc")
        assert (somebody.status, "did not sign you in" in somebody.words) == (403, True), claims
    told.claims, told.published = good, told.key
    told.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    somebody.open("oidc")
    assert somebody.status == 403
    somebody.open("oidc/back?code=code-0&state=made-up")
    assert somebody.status == 403
    somebody.open("decisions")
    assert "Sign in" in somebody.words


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ASSET_SYNC_PROXY_ADDRESSES", "here", "'here' is no address and no network"),
        ("ASSET_SYNC_PROXY_USER_HEADER", "X-User", "ASSET_SYNC_PROXY_ADDRESSES names no proxy"),
        ("ASSET_SYNC_PUBLIC_URL", "assets.example.com", "ASSET_SYNC_PUBLIC_URL is no address of a page"),
        ("ASSET_SYNC_OIDC_ISSUER", "https://id.example.com", "ASSET_SYNC_OIDC_CLIENT_ID"),
    ],
)
def test_a_setting_that_is_wrong_is_said_before_anybody_comes(
    variable: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=told):
        create_app(TOKEN)


def test_cookies_go_over_https_alone_where_people_come_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSET_SYNC_PUBLIC_URL", "https://assets.example.com")
    with serving(TOKEN) as server:
        answer = httpx.get(f"{server.url}/review/sign-in")
    assert "secure" in {flag.strip().lower() for flag in answer.headers["set-cookie"].split(";")}
    assert answer.headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("users: {sue: {roles: [boss]}}", "users.sue.roles.0"),
        ("users: {sue: {roles: [see], password: in plain words}}", "is no hash"),
        ("user: {}", "user: Extra inputs"),
        ("users: {sue: {roles: [see], oidc: ''}}", "users.sue.oidc"),
        (f"users: {{sue: {{roles: [see], oidc: '1', password: '{hashed(PASSWORD)}'}}}}", "several users"),
        ("users: {sue: {roles: [see], oidc: '1'}, kim: {roles: [see], oidc: '1'}}", "is the subject of sue and of kim"),
        ("users: [", "is no YAML"),
    ],
)
def test_a_user_file_that_is_wrong_lets_nobody_in_and_says_where(said: str, told: str) -> None:
    users_file().write_text(said, encoding="utf-8")
    with serving(TOKEN) as server:
        answer = httpx.get(f"{server.url}/review/sign-in")
    assert (answer.status_code, told in answer.text, "plain words" in answer.text) == (503, True, False)


def test_a_script_may_by_its_token_what_its_roles_say_and_no_longer_than_it_is_good() -> None:
    reader, decider, old = add_token("grafana", ["see"]), add_token("bot", ["approve"]), add_token("last year", ["see"])
    said = yaml.safe_load(users_file().read_text(encoding="utf-8"))
    said["users"]["last year"]["until"] = date(2020, 1, 1)
    users_file().write_text(yaml.safe_dump(said), encoding="utf-8")
    deciding = {"by": "somebody", "sync": "pdq_to_netbox", "verb": "ignore", "kind": "asset", "source_key": "nobody"}
    with serving(TOKEN) as server, httpx.Client(base_url=server.url, timeout=60) as client:

        def asked(token: str, method: str = "GET", path: str = "/plans", **sent: Any) -> tuple[int, str]:
            answer = client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **sent)
            return answer.status_code, answer.json().get("detail", "")

        assert asked(reader) == (200, "")
        assert asked(reader, "POST", "/held", json=deciding) == (
            403,
            "this needs the role 'approve', which grafana does not have",
        )
        assert asked(reader, "POST", "/sync/pdq_to_netbox", json={"mode": "dry_run"})[0] == 403
        # What it may is looked at first, and then what it sent.
        assert asked(decider, "POST", "/held", json=deciding)[0] == 409
        assert asked(decider, "POST", "/sync/pdq_to_netbox", json={"mode": "dry_run"})[0] == 403
        status, told = asked(old)
        assert (status, "was good until 2020-01-01" in told) == (403, True)
        assert asked(reader + "x") == (403, "the token is not the right one")
        assert asked(tokens.hashed(reader))[0] == 403
        assert "Nobody can sign in by a password yet" in Visitor(server.url).open("sign-in")
        remove_user("grafana")
        assert asked(reader)[0] == 403
