import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Retirement
from asset_sync.systems.wug import KINDS, declared, group_path


def test_devices_are_recognised_by_their_netbox_id_where_it_is_mapped() -> None:
    rules = [rule.name for rule in declared({"device": ["name", "attr_netbox_id"]})["device"].identity]
    assert rules == ["netbox_id", "address", "host name"]
    assert [rule.name for rule in declared({"device": ["name"]})["device"].identity] == ["address", "host name"]


def test_the_kinds_have_the_mapped_fields_and_those_they_need() -> None:
    kinds = declared({"group": [], "device": ["note", "attr_x"]}, Retirement("maintenance", "on"))
    assert list(kinds) == ["group", "device"]
    names = [field.name for field in kinds["device"].fields]
    assert names == ["name", "address", "note", "other_addresses", "attr_x", "maintenance"]
    assert kinds["device"].retirement == Retirement("maintenance", "on")
    assert kinds["group"].retirement is None


@pytest.mark.parametrize(
    ("mapped", "words"),
    [
        ({"site": []}, "no kind 'site'"),
        ({"device": ["colour"]}, "no field 'colour'.*attr_<attribute>"),
        ({"device": ["attr_"]}, "no field"),
        ({"device": ["attr_" + "x" * 151]}, "no field"),
        ({"group": ["attr_x"]}, "no field"),
        ({"device": ["other_addresses"]}, "only be read"),
    ],
)
def test_what_there_is_not_is_refused(mapped: dict[str, list[str]], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        declared(mapped)


@pytest.mark.parametrize("retirement", [Retirement("note", "x"), Retirement("maintenance", "off")])
def test_a_retirement_that_is_none_is_refused(retirement: Retirement) -> None:
    with pytest.raises(ConfigurationError, match="retires by"):
        declared({"device": []}, retirement)
    assert declared({"device": []}, Retirement("group", "NetBox/Gone"))["device"].retirement


def test_lengths_are_the_servers() -> None:
    assert {f.name: f.max_length for f in KINDS["device"].fields if f.max_length} == {
        "name": 150,
        "host_name": 256,
        "address": 100,
        "brand": 256,
    }


def test_a_slash_in_a_name_is_no_step_of_the_path() -> None:
    assert group_path(["A/B", "C"]) == "A-B/C"
