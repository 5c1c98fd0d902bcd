"""The connections to WhatsUp Gold on the command line: one need not be named, of several one is; a plan goes to its own."""

import json
from collections.abc import Mapping

import pytest
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.sandbox.network import NetworkDevice
from asset_sync.sandbox.world import World
from asset_sync.sandbox.wug import WugState
from asset_sync_tests.cli.lab import BRANCH
from asset_sync_tests.cli.test_main import check_one_line
from asset_sync_tests.components.wug.lab import EXPORT, MAIN


def ask(*args: str, status: int = 0) -> Result:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(main, args)
    assert result.exit_code == status, result.output
    return result


def newest() -> str:
    plan: str = json.loads(ask("plans", "--json", "--limit", "1").stdout)[0]["id"]
    return plan


def wanted(world: World) -> list[NetworkDevice]:
    """The devices that are to be monitored."""
    assert world.network is not None
    return [one for one in world.network.devices if one.status == "active" and one.address and not one.is_link_local]


def exported(state: WugState) -> Mapping[str, str]:
    """The ids in WhatsUp Gold of the devices that came from NetBox, by their ids there."""
    return {
        attribute.value: device.id
        for device in state.devices.values()
        for attribute in device.attributes
        if attribute.name == "netbox_id"
    }


def rows(result: Result) -> list[list[str]]:
    """The lines of a table, but for its head."""
    return [line.split() for line in result.stdout.splitlines()[1:]]


@pytest.mark.slow
def test_one_connection_need_not_be_named_and_tells_how_it_stands(monitored: World) -> None:
    assert rows(ask("connections")) == [[MAIN, EXPORT, "yes", *"000000", "never"]]
    told = ask("run", EXPORT).stdout
    assert "Outcome: " in told
    (plan,) = json.loads(ask("plans", "--json").stdout)
    assert (plan["sync"], plan["connection"]) == (EXPORT, MAIN)
    assert rows(ask("plans"))[0][:3] == [plan["id"], EXPORT, MAIN]
    count = len(wanted(monitored))
    assert set(exported(monitored.wug)) == {str(device.id) for device in wanted(monitored)}
    (line,) = rows(ask("connections"))
    assert line[:9] == [MAIN, EXPORT, "yes", str(count), "0", str(count), "0", "0", "0"]
    assert line[9:] != ["never"]
    lines = ask("connections", MAIN).stdout.splitlines()
    addresses = {str(device.ip): device.name for device in wanted(monitored)}
    shown = {address: line for line in lines for address in addresses if f" {address} " in line}
    assert len(shown) == 10 < count
    assert all(addresses[address] in line and "exported" in line for address, line in shown.items())


@pytest.mark.usefixtures("branch")
def test_of_several_connections_one_must_be_named() -> None:
    check_one_line(
        ask("run", EXPORT, status=1), 1, "runs once for each connection: name one with --partition; there are main, branch"
    )
    check_one_line(ask("run", EXPORT, "--partition", "no", status=1), 1, "has no partition 'no'; there are main, branch")
    check_one_line(ask("connections", "no", status=1), 1, "there is no connection 'no'; there are main, branch")
    assert [line[0] for line in rows(ask("connections"))] == [MAIN, BRANCH]


@pytest.mark.slow
def test_a_plan_is_applied_missed_and_taken_back_on_its_own_connection(monitored: World, branch: WugState) -> None:
    ask("run", EXPORT, "--partition", BRANCH, "--mode", "review")
    plan = newest()
    assert not exported(branch)
    ask("approve", plan)
    ask("apply", plan)
    there = exported(branch)
    assert set(there) == {str(device.id) for device in wanted(monitored)}
    gone = wanted(monitored)[0]
    monitored.netbox.patch("dcim/devices", gone.id, {"status": "offline"})
    ask("run", EXPORT, "--partition", BRANCH)
    (line,) = [line for line in rows(ask("missing", EXPORT)) if line[0] == "device"]
    assert line[1:3] == [f"#{there[str(gone.id)]}", str(gone.id)]
    ask("undo", plan, "--approve")
    assert all(branch.in_maintenance(branch.devices[number]) for number in there.values())
    assert f"{EXPORT}/{BRANCH}" in ask("history", "device", there[str(gone.id)], "--field", "maintenance").stdout
    assert not exported(monitored.wug)
    assert [line[3] for line in rows(ask("connections"))] == ["0", str(len(there))]
