"""Which server is which after it was renamed: told by the ports of switches that it is plugged into."""

from collections.abc import Mapping
from typing import Any

from asset_sync.systems.hedgehog.reading import Listing
from asset_sync.systems.hedgehog.renaming import known_ids

Links = Mapping[str, Mapping[str, str]]
"""The servers' own ports with the switches' ports that they are plugged into, by server."""


def listings(links: Links, **others: Mapping[str, Any]) -> dict[str, Listing]:
    connections = {
        f"{server}--bundled": {"spec": {"bundled": _links(server, ports)}} for server, ports in links.items() if ports
    }
    told: dict[str, Mapping[str, Any]] = {"Server": {name: {"spec": {}} for name in links}, "Connection": connections, **others}
    return {kind: Listing("read", "7", objects) for kind, objects in told.items()}


def _links(server: str, ports: Mapping[str, str]) -> dict[str, Any]:
    ends = [{"server": {"port": f"{server}/{own}"}, "switch": {"port": port}} for own, port in ports.items()]
    return {"links": ends}


def servers(ids: Mapping[str, str]) -> dict[str, str]:
    return {name: id_ for name, id_ in ids.items() if name.startswith("Server/")}


ONE = {"a": {"eth1": "leaf-1/E1/1", "eth2": "leaf-2/E1/1"}, "b": {"eth1": "leaf-1/E1/2"}}


def test_a_new_object_is_known_by_its_own_name() -> None:
    assert servers(known_ids({}, {}, listings(ONE))) == {"Server/a": "Server/a", "Server/b": "Server/b"}


def test_a_renamed_server_stays_what_it_was_for_good() -> None:
    first = known_ids({}, {}, listings(ONE))
    renamed = {"z": ONE["a"], "b": ONE["b"]}
    second = known_ids(listings(ONE), first, listings(renamed))
    assert servers(second) == {"Server/z": "Server/a", "Server/b": "Server/b"}
    third = known_ids(listings(renamed), second, listings(renamed))
    assert third == second
    twice = {"y": ONE["a"], "b": ONE["b"]}
    assert servers(known_ids(listings(renamed), third, listings(twice))) == {"Server/y": "Server/a", "Server/b": "Server/b"}


def test_its_old_name_may_be_given_to_another_one() -> None:
    first = known_ids({}, {}, listings(ONE))
    renamed = {"z": ONE["a"], "b": ONE["b"]}
    second = known_ids(listings(ONE), first, listings(renamed))
    reused = {**renamed, "a": {"eth1": "leaf-1/E1/9"}}
    third = known_ids(listings(renamed), second, listings(reused))
    assert servers(third) == {"Server/z": "Server/a", "Server/b": "Server/b", "Server/a": "Server/a~2"}
    assert known_ids(listings(reused), third, listings(reused)) == third


def test_names_that_change_places_are_two_servers_that_were_plugged_in_anew() -> None:
    first = known_ids({}, {}, listings(ONE))
    swapped = {"a": ONE["b"], "b": ONE["a"]}
    assert known_ids(listings(ONE), first, listings(swapped)) == first


def test_one_that_is_plugged_in_elsewhere_or_in_part_is_a_new_one() -> None:
    first = known_ids({}, {}, listings(ONE))
    part = {"z": {"eth1": "leaf-1/E1/1"}, "b": ONE["b"]}
    assert servers(known_ids(listings(ONE), first, listings(part)))["Server/z"] == "Server/z"


def test_servers_without_a_link_are_never_one() -> None:
    before: Links = {"a": {}, "b": {}}
    after: Links = {"b": {}, "z": {}}
    first = known_ids({}, {}, listings(before))
    assert servers(known_ids(listings(before), first, listings(after))) == {"Server/b": "Server/b", "Server/z": "Server/z"}


def test_odd_connections_say_nothing() -> None:
    odd = {"x": {"spec": None}, "y": {}, "w": {"spec": {"eslag": {"links": [None, {"server": {}, "switch": {"port": 3}}]}}}}
    first = known_ids({}, {}, listings({"a": {}}, Connection=odd))
    assert first["Connection/x"] == "Connection/x"
    assert servers(known_ids(listings({"a": {}}, Connection=odd), first, listings({"z": {}}, Connection=odd)))
