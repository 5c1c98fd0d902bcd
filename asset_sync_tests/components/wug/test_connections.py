"""Several servers at once, and servers that fail in the middle."""

from typing import Any

import dagster as dg
import pytest

from asset_sync_tests.components.wug.lab import EXPORT, MAIN, Lab, wug_writes

THREE: dict[str, Any] = {"connections": {MAIN: {}, "branch": {}, "lab": {}}}


def sensor_of(lab: Lab, name: str) -> dg.SensorDefinition:
    return lab.definitions[EXPORT].resolve_sensor_def(name)


def tick(lab: Lab, name: str) -> list[tuple[str, str | None]]:
    """What a sensor asks for: job and connection."""
    sensor, repository = sensor_of(lab, name), lab.definitions[EXPORT].get_repository_def()
    with dg.build_sensor_context(instance=lab.instance, repository_def=repository) as context:
        asked = sensor(context)
    if not isinstance(asked, dg.SensorResult):
        return []
    return [(request.job_name or EXPORT, request.partition_key) for request in asked.run_requests or []]


def reached(lab: Lab) -> list[str]:
    return [name for name in lab.servers if lab.monitored(name)]


@pytest.mark.slow
@pytest.mark.parametrize("lab", [THREE], indirect=True)
def test_one_server_that_is_down_stops_no_other_one_and_is_tried_again(lab: Lab) -> None:
    lab.faults["branch"].set("http_503")
    assert sorted(tick(lab, f"{EXPORT}_sensor")) == [(EXPORT, "branch"), (EXPORT, "lab"), (EXPORT, MAIN)]
    runs = {name: lab.run(connection=name) for name in (MAIN, "branch", "lab")}
    assert {name: run.success for name, run in runs.items()} == {MAIN: True, "branch": False, "lab": True}
    assert reached(lab) == [MAIN, "lab"]
    (told,) = runs["branch"].errors()
    assert "WhatsUp Gold" in told
    assert "503" in told
    # Five minutes have not passed: the failed one is not asked again yet, the others have hours to go.
    assert tick(lab, f"{EXPORT}_sensor") == []
    lab.faults["branch"].clear()
    assert lab.run(connection="branch").success
    assert len(lab.monitored("branch")) == len(lab.monitored(MAIN))


@pytest.mark.parametrize("lab", [{"connections": {MAIN: {}, "branch": {"enabled": False}}}], indirect=True)
def test_a_connection_that_is_not_enabled_is_neither_started_nor_run_by_hand(lab: Lab) -> None:
    assert tick(lab, f"{EXPORT}_sensor") == [(EXPORT, MAIN)]
    run = lab.run(connection="branch")
    assert not run.success
    assert run.errors()[0].startswith("branch is not enabled: set `enabled: true` for it in the YAML of netbox_to_wug")
    assert not lab.wug("branch").devices


@pytest.mark.parametrize("lab", [{"connections": {MAIN: {}, "branch": {}}}], indirect=True)
def test_a_plan_of_one_connection_is_never_applied_to_another(lab: Lab) -> None:
    review = lab.run(mode="review")
    refused = lab.apply(review.plan_id, connection="branch")
    assert not refused.success
    assert "is of netbox_to_wug/main, not of netbox_to_wug/branch" in refused.errors()[0]
    assert not lab.monitored("branch")


SWITCHES: dict[str, Any] = {"source_options": {"roles": ["switch"]}}
TAGGED: dict[str, Any] = {"source_options": {"tags": ["core", "guest-network"]}}


@pytest.mark.slow
@pytest.mark.parametrize("lab", [{"connections": {MAIN: SWITCHES, "branch": TAGGED}}], indirect=True)
def test_each_connection_has_its_own_devices(lab: Lab) -> None:
    devices = {str(row["id"]): row for row in lab.world.netbox.objects("dcim/devices")}
    roles = {row["id"]: row["slug"] for row in lab.world.netbox.objects("dcim/device-roles")}
    tags = {row["id"]: row["slug"] for row in lab.world.netbox.objects("extras/tags")}
    for name in (MAIN, "branch"):
        assert lab.run(connection=name).success
    assert {roles[devices[number]["role"]] for number in lab.monitored()} == {"switch"}
    of_each = [{tags[tag] for tag in devices[number]["tags"]} for number in lab.monitored("branch")]
    assert of_each
    assert all(found & {"core", "guest-network"} for found in of_each)


@pytest.mark.parametrize("lab", [{"connections": {MAIN: {"source_options": {"sites": ["atlantis"]}}}}], indirect=True)
def test_a_filter_that_names_what_netbox_does_not_have_is_told_in_one_line(lab: Lab) -> None:
    run = lab.run()
    assert not run.success
    assert "atlantis" in run.errors()[0]
    assert not lab.monitored()


@pytest.mark.parametrize(("method", "path"), [("GET", "/status$"), ("POST", "/child$"), ("PATCH", "config/template$")])
def test_a_token_that_expires_in_the_middle_of_a_run_is_renewed_and_nothing_is_made_twice(
    lab: Lab, method: str, path: str
) -> None:
    lab.world.wug_faults.set("expired_token", times=1, method=method, path=path)
    run = lab.run()
    assert run.success
    assert lab.world.wug_faults.counts() == {"expired_token": 1}
    assert max(lab.wug().address_counts().values()) == 1
    assert len(lab.monitored()) == len([row for row in lab.tracked().values() if row["status"] == "exported"])


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["timeout_after_write", "cut"])
def test_a_create_whose_answer_is_lost_is_settled_and_not_sent_twice(lab: Lab, fault: str) -> None:
    options = {"seconds": 0.2} if fault == "timeout_after_write" else {}
    lab.world.wug_faults.set(fault, times=1, path="config/template$", method="PATCH", **options)
    assert lab.run().success
    assert max(lab.wug().address_counts().values()) == 1
    assert not any(lab.run().planned.values())
    assert {row["status"] for row in lab.tracked().values()} == {"exported"}


@pytest.mark.parametrize(
    "fault", ["missing_page", *(pytest.param(name, marks=pytest.mark.slow) for name in ("short_page", "html_login"))]
)
def test_a_listing_that_is_not_whole_never_reaches_a_plan(lab: Lab, fault: str) -> None:
    lab.run()
    before = wug_writes(lab.wug())
    lab.world.wug_faults.set(fault, method="GET")
    run = lab.run()
    assert not run.success
    assert f"{EXPORT}/plan" not in run.materialized()
    assert wug_writes(lab.wug()) == before


@pytest.mark.slow
def test_a_server_that_shows_no_devices_any_more_does_not_get_all_of_them_again(lab: Lab) -> None:
    lab.run()
    lab.pass_time(25)
    before = wug_writes(lab.wug())
    lab.world.wug_faults.set("empty_source")
    run = lab.run()
    assert not run.success
    assert any("are not there any more and would be created again" in error for error in run.errors())
    assert wug_writes(lab.wug()) == before


def test_wrong_credentials_and_missing_variables_are_one_line(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WUG_MAIN_PASSWORD", "wrong-secret")
    (told,) = lab.run().errors()
    assert "refuses the username or the password" in told
    assert "wrong-secret" not in told
    monkeypatch.delenv("WUG_MAIN_PASSWORD")
    (told,) = lab.run().errors()
    assert told.startswith("WUG_MAIN_PASSWORD (that user's password) is not set")


# What a person asks for in one run.


@pytest.mark.slow
def test_a_run_about_some_devices_leaves_the_others_alone(lab: Lab) -> None:
    number = str(next(row["id"] for row in lab.world.netbox.objects("dcim/devices") if row["status"] == "active"))
    assert lab.run(only={"ids": [number]}).success
    assert list(lab.monitored()) == [number]
    lab.run()
    every = len(lab.monitored())
    assert every > 10
    rows = {address: row["status"] for address, row in lab.tracked().items()}
    run = lab.run(only={"roles": ["switch"]})
    assert run.success, run.errors()
    assert not any(run.planned.values())
    assert run.metadata(f"{EXPORT}/plan")["incomplete"] == (
        "it is about some rows alone (roles switch): what else there is counts for nothing"
    )
    assert {address: row["status"] for address, row in lab.tracked().items()} == rows
    assert lab.tracking.statistics(MAIN).exported == every
    assert not any(lab.run().planned.values())


def test_a_source_is_asked_only_for_what_it_can_be_asked_for(lab: Lab) -> None:
    run = lab.run(only={"colours": ["red"]})
    assert run.errors()[0].startswith("NetBox cannot be asked for some colours alone; it can be asked for ids, roles, sites")
    assert "atlantis" in lab.run(only={"sites": ["atlantis"]}).errors()[0]
    assert not lab.monitored()
