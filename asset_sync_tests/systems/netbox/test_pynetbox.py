"""The API by pynetbox, as the resource gives it to people's own assets and scripts."""

from pathlib import Path
from typing import Any

import dagster as dg
import pynetbox
import pytest

from asset_sync.reconcile.errors import ConfigurationError, TargetError
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, Token
from asset_sync.systems.http import HttpError
from asset_sync.systems.netbox import NetBox
from asset_sync_tests.systems.netbox.conftest import Lab
from asset_sync_tests.systems.scripted import Reply, scripted

SITES = "dcim/sites"


def _netbox(lab: Lab, token: str = DEFAULT_TOKEN) -> NetBox:
    return NetBox(url=lab.url, token=token)


def test_reads_and_writes_by_the_names_of_pynetbox(lab: Lab) -> None:
    with _netbox(lab).api(writable=True) as api:
        made = api.dcim.sites.create(name="Home", slug="home")
        found = api.dcim.sites.get(slug="home")
        found.description = "by a script"
        assert found.save()
        assert [site.name for site in api.dcim.sites.all()] == ["Home"]
    assert lab.state.get(SITES, made.id)["description"] == "by a script"


def test_the_example_of_the_readme_works(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.an_interface()
    lab.state.create("plugins/inventory/assets", {"serial": "S1", "status": "stored", "device_type": 1})
    monkeypatch.setenv("NETBOX_URL", lab.url)
    monkeypatch.setenv("NETBOX_TOKEN", DEFAULT_TOKEN)
    told: dict[str, Any] = {}
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    exec(text.partition("## NetBox in assets")[2].split("```")[1].removeprefix("python"), told)
    made = dg.materialize([told["devices_by_site"]], resources={"netbox": NetBox()})
    assert made.output_for_node("devices_by_site") == {"Home": 1}
    told["add_note"](1, "seen in room 5")
    (entry,) = lab.state.objects("extras/journal-entries")
    assert entry["comments"] == "seen in room 5"


def test_pages_are_read_to_the_end(lab: Lab) -> None:
    for number in range(7):
        lab.state.create(SITES, {"name": f"Site {number}", "slug": f"site-{number}"})
    with _netbox(lab).api() as api:
        assert [site.slug for site in api.dcim.sites.all(limit=3)] == [f"site-{number}" for number in range(7)]


def test_an_api_that_may_not_write_sends_no_write(lab: Lab) -> None:
    lab.state.create(SITES, {"name": "Home", "slug": "home"})
    with _netbox(lab).api() as api:
        home = api.dcim.sites.get(slug="home")
        with pytest.raises(HttpError, match="read-only"):
            api.dcim.sites.create(name="Work", slug="work")
        with pytest.raises(HttpError, match="read-only"):
            home.delete()
    assert lab.state.requests.writes == 0


def test_busy_answers_are_waited_for(lab: Lab) -> None:
    lab.faults.set("http_503", times=2)
    assert lab.client.api.dcim.sites.count() == 0
    assert lab.client.tally.read == 3


def test_what_netbox_refuses_is_pynetboxs_own_error_without_the_token(lab: Lab) -> None:
    with _netbox(lab).api(writable=True) as api, pytest.raises(pynetbox.RequestError, match="slug") as caught:
        api.dcim.sites.create(name="Home")
    assert caught.value.req.status_code == 400
    assert DEFAULT_TOKEN not in str(caught.value) + str(caught.value.req.request.headers) + repr(vars(api))


def test_a_proxy_that_echoes_the_token_is_masked() -> None:
    with scripted(Reply({"detail": f"Token {DEFAULT_TOKEN} is odd"}, 400)) as script:
        with NetBox(url=script.url, token=DEFAULT_TOKEN).api() as api, pytest.raises(pynetbox.RequestError) as caught:
            list(api.dcim.sites.all())
        assert DEFAULT_TOKEN not in str(caught.value) + caught.value.error


def test_missing_settings_are_named() -> None:
    with pytest.raises(ConfigurationError, match="NETBOX_URL"), NetBox(token="t").api():
        pass


@pytest.mark.parametrize("reply", [Reply(b"<html>Log in</html>"), Reply(b"no JSON"), Reply({"a": 1}), Reply({}, 404)])
def test_small_questions_to_what_is_no_netbox_are_told_so(reply: Reply) -> None:
    with scripted(reply) as script, NetBox(url=script.url, token="t").client() as client:
        with pytest.raises(TargetError, match="check NETBOX_URL"):
            _ = client.version
        assert len(script.seen) == 1


def test_a_short_listing_that_lacks_objects_is_refused() -> None:
    page = Reply({"count": 2, "next": None, "previous": None, "results": [{"id": 1, "name": "a"}]})
    with (
        scripted(page) as script,
        NetBox(url=script.url, token="t").client() as client,
        pytest.raises(TargetError, match="counts 2 objects but lists 1"),
    ):
        client.few("extras/tags", ["name"])


def test_a_token_without_the_right_is_told(lab: Lab) -> None:
    token = lab.state.add_token(Token("limited", may_read=frozenset({SITES}), may_write=frozenset()))
    with _netbox(lab, token.secret).client() as client, pytest.raises(TargetError, match="check NETBOX_TOKEN and its rights"):
        client.few("extras/tags", ["slug"])


def test_a_server_that_takes_long_has_the_time_that_the_setting_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asset_sync.systems.http.retries.ATTEMPTS", 1)
    answer = Reply({"netbox-version": "4.6.8"}, hang=0.4)
    with scripted(answer) as script:
        with NetBox(url=script.url, token="t", read_timeout=5).client() as client:
            assert client.version == (4, 6)
        with (
            NetBox(url=script.url, token="t", read_timeout=0.05).client() as client,
            pytest.raises(TargetError, match="in time"),
        ):
            _ = client.version
