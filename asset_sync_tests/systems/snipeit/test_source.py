"""What Snipe-IT tells a sync, beside what its simulator holds."""

from collections.abc import Iterator

import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.snipeit import SnipeState, Token, create_app
from asset_sync.systems.snipeit import SnipeItClient
from asset_sync.systems.snipeit.source import TABLES, read

MAC = "_snipeit_mac_address_1"


@pytest.fixture(scope="module")
def state() -> SnipeState:
    return SnipeState(Company(25, 5), 5)


@pytest.fixture(scope="module")
def client(state: SnipeState) -> Iterator[SnipeItClient]:
    with Server(create_app(state, tokens={"secret": Token()})) as server, SnipeItClient(server.url, "secret") as client:
        yield client


def test_a_custom_field_is_a_column_that_only_the_system_can_list() -> None:
    hardware = TABLES["hardware"]
    assert hardware.column(MAC) is not None
    assert MAC not in hardware.names
    assert TABLES["models"].column(MAC) is None


def test_a_custom_field_is_what_the_asset_has_in_it(client: SnipeItClient, state: SnipeState) -> None:
    living = {str(asset.id): asset.custom_fields.get(1) for asset in state.hardware.living()}
    assert any(living.values())
    table = read(client, "hardware", [MAC])
    found = {row_id: mac if isinstance(mac, str) else None for row_id, mac in zip(table["id"], table[MAC], strict=True)}
    assert found == living


def test_a_field_without_a_number_lets_no_other_name_pass(client: SnipeItClient, state: SnipeState) -> None:
    """As a Snipe-IT has whose column was named by hand (case snipe_custom_field_without_number)."""
    field = state.fields.rows[1]
    named, field.db_column_name = field.db_column_name, "_snipeit_odd"
    try:
        with pytest.raises(ConfigurationError, match="no custom field '_snipeit_rack'"):
            read(client, "hardware", ["_snipeit_rack"])
    finally:
        field.db_column_name = named


def test_a_renamed_custom_field_is_the_same_by_its_number(client: SnipeItClient, state: SnipeState) -> None:
    before = read(client, "hardware", [MAC])[MAC]
    name = state.fields.rows[1].name
    state.update("fields", 1, name="Hardware address")
    try:
        assert state.fields.rows[1].db_column_name != MAC
        assert read(client, "hardware", [MAC])[MAC].equals(before)
    finally:
        state.update("fields", 1, name=name)


@pytest.mark.parametrize("column", ["_snipeit_rack_99", "_snipeit_rack"])
def test_a_custom_field_that_is_not_there_is_told_with_those_that_are(client: SnipeItClient, column: str) -> None:
    with pytest.raises(ConfigurationError, match=f"no custom field '{column}'; those .* are .*{MAC}"):
        read(client, "hardware", [column])
