"""Signing in: who is let in, for how long, and what a form must bring."""

import base64
import json
import time
from collections.abc import Callable

import httpx
import itsdangerous
import yaml

from asset_sync.access import sessions
from asset_sync.access.attempts import OF_ADDRESS
from asset_sync.access.users import add_user, remove_user, users_file
from asset_sync_tests.pages.lab import PASSWORD, TOKEN, Visitor

Visit = Callable[[str], Visitor]


def test_whoever_is_not_signed_in_is_asked_who_it_is_and_then_led_to_what_they_came_for(service: str) -> None:
    somebody = Visitor(service)
    somebody.open("held?sync=pdq_to_netbox")
    assert "Sign in" in somebody.words
    somebody.send("/sign-in", name="sue", password=PASSWORD)
    assert "Held records of pdq_to_netbox" in somebody.words
    somebody.send("/sign-out")
    assert "You are signed out." in somebody.words
    somebody.open("held")
    assert "Password" in somebody.words


def test_a_wrong_name_or_password_lets_nobody_in(service: str) -> None:
    somebody = Visitor(service)
    for name, password in [("sue", "wrong"), ("sue", ""), ("nobody", PASSWORD), ("", ""), ("sue\0", PASSWORD)]:
        somebody.sign_in(name, password)
        assert (somebody.status, "The name or the password is wrong." in somebody.words) == (403, True), name
        somebody.open("held")
        assert "Sign in" in somebody.words


def test_who_tries_too_often_is_asked_to_wait_and_somebody_else_is_not(service: str) -> None:
    guesser = Visitor(service)
    statuses = []
    guesser.open("sign-in")
    for _ in range(OF_ADDRESS + 1):
        guesser.send("/sign-in", name="sue", password="wrong")
        statuses.append(guesser.status)
    assert statuses == [403] * OF_ADDRESS + [429]
    guesser.send("/sign-in", name="sue", password=PASSWORD)
    assert (guesser.status, "tried too often" in guesser.words) == (429, True)
    # What an address tried is forgotten after five minutes, the first of it first.
    assert 200 < int(guesser.headers["Retry-After"]) <= 300


def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(service: str) -> None:
    answer = httpx.get(f"{service}/review/sign-in")
    flags = {flag.strip().lower() for flag in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert "secure" not in flags
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "<style" not in answer.text
    assert "style=" not in answer.text
    assert "<script>" not in answer.text


def test_a_form_without_the_sessions_own_token_does_nothing(visit: Visit) -> None:
    anna, other = visit("anna"), visit("sue")
    token = other.page.split('name="csrf" value="')[1].split('"')[0]
    for sent in ({}, {"csrf": ""}, {"csrf": token}):
        refused = anna.client.post("sign-out", data=sent)
        assert (refused.status_code, "The form had lapsed." in refused.text) == (403, True)
        refused = anna.client.post("decisions/1/take-back", data=sent)
        assert (refused.status_code, "not sent by a page of this session" in refused.text) == (403, True)
    anna.open("decisions")
    assert "anna (approve, see)" in anna.words


def session(anna: Visitor) -> dict[str, object]:
    signed = next(cookie for cookie in anna.client.cookies.jar if cookie.name == sessions.COOKIE).value or ""
    return dict(json.loads(base64.b64decode(signed.split(".")[0])))


def with_session(anna: Visitor, told: dict[str, object], secret: str) -> None:
    signed = itsdangerous.TimestampSigner(secret).sign(base64.b64encode(json.dumps(told).encode())).decode()
    anna.client.cookies.clear()
    anna.client.cookies.set(sessions.COOKIE, signed)
    anna.open("decisions")


def test_a_session_ends_after_its_time_however_often_it_was_used(visit: Visit) -> None:
    anna = visit("anna")
    told, secret = session(anna), sessions.secret_of(TOKEN.encode())
    with_session(anna, {**told, "at": int(time.time()) - sessions.LASTS_S + 60}, secret)
    assert "Nobody has decided anything yet." in anna.words
    with_session(anna, {**told, "at": int(time.time()) - sessions.LASTS_S - 1}, secret)
    assert "Sign in" in anna.words
    with_session(anna, {**told, "name": "root"}, "another secret")
    assert "Sign in" in anna.words


def test_a_copied_cookie_is_good_for_nothing_once_its_session_is_signed_out(visit: Visit, service: str) -> None:
    anna, elsewhere = visit("anna"), visit("anna")
    copied = dict(anna.client.cookies)
    anna.send("/sign-out")
    thief = Visitor(service)
    thief.client.cookies.update(copied)
    thief.open("decisions")
    assert "Sign in" in thief.words
    assert httpx.get(f"{service}/plans", cookies=copied).status_code == 401
    # Whoever signed in twice signed out once.
    elsewhere.open("decisions")
    assert "Nobody has decided anything yet." in elsewhere.words


def test_another_role_counts_from_the_next_request_on(visit: Visit) -> None:
    anna = visit("anna")
    file = users_file()
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["users"]["anna"]["roles"] = ["see"]
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    anna.open("decisions")
    assert "anna (see)" in anna.words


def test_a_session_ends_with_its_password_and_its_person_and_roles_count_at_once(visit: Visit) -> None:
    anna, otto = visit("anna"), visit("otto")
    add_user("anna", ["see"], "another password")
    anna.open("decisions")
    assert "Sign in" in anna.words
    remove_user("otto")
    otto.open("decisions")
    assert "Sign in" in otto.words


def test_a_person_asks_rest_by_the_session_and_decides_by_their_own_name(visit: Visit, service: str) -> None:
    anna = visit("anna")
    ask = httpx.Client(base_url=service, cookies=anna.client.cookies)
    assert ask.get("/plans").json() == {"plans": []}
    about = {"sync": "pdq_to_netbox", "verb": "create", "kind": "asset", "source_key": "nobody", "by": "root"}
    refused = ask.post("/held", json=about)
    assert (refused.status_code, "was not sent by a page of this session" in refused.json()["detail"]) == (403, True)
    token = {"X-CSRF-Token": anna.page.split('name="csrf" value="')[1].split('"')[0]}
    assert "knows no asset 'nobody'" in ask.post("/held", json=about, headers=token).json()["detail"]
    refused = ask.post("/syncs/pdq_to_netbox/runs", json={}, headers=token)
    assert (refused.status_code, refused.json()["detail"]) == (403, "this needs the role 'operate', which anna does not have")
