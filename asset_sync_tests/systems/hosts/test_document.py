"""Reading a host's document: what is refused, each in one line, and what is left out with a note."""

import json
import sys
import time
import tracemalloc
from types import FrameType
from typing import Any

import pytest

from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.hosts import DocumentRefused, parse
from asset_sync_tests.systems.hosts.example import address, container, document, interface, written


def refused(content: bytes) -> str:
    with pytest.raises(DocumentRefused) as error:
        parse(content)
    told = str(error.value)
    assert told.isprintable()
    assert isinstance(error.value, SourceError)
    return told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"<html>login</html>", "is no JSON: Expecting value: line 1 column 1 (char 0)"),
        (written(document())[:-20], "is no JSON: "),
        (b"[]", "is no host's document: it has no schema version; write it with: asset-sync collect"),
        (b'"text"', "is no host's document: it has no schema version; write it with: asset-sync collect"),
        (b"{}", "is no host's document: it has no schema version; write it with: asset-sync collect"),
        (b'{"schema": true}', "is no host's document: it has no schema version; write it with: asset-sync collect"),
        (b'{"schema": 2}', "has the schema version 2; this asset-sync reads 1: use its own collector"),
        (b'{"schema": 1, "schema": 1}', "is no JSON: the key 'schema' is there twice"),
        (b'{"schema": 1, "memory": NaN}', "is no JSON: NaN is no number"),
        (b'{"schema": 1, "memory": -Infinity}', "is no JSON: -Infinity is no number"),
        (b'{"schema": 1, "hostname": "caf\xe9"}', "is no UTF-8, see byte 30; write it with: asset-sync collect --output FILE"),
        ("{}".encode("utf-16"), "is no UTF-8, see byte 0; write it with: asset-sync collect --output FILE"),
        (b"[" * 100_000, "is no host's document: it is nested too deep"),
        (b'{"a":' * 100_000, "is no host's document: it is nested too deep"),
        (b'{"schema": ' + b"1" * 5000 + b"}", "is no JSON: "),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(content: bytes, told: str) -> None:
    assert refused(content).startswith(told)


def test_keys_that_repeat_deep_inside_are_refused() -> None:
    twice = written(document()).replace(b'"project": "shop"', b'"project": "shop", "project": "bank"')
    assert refused(twice) == "is no JSON: the key 'project' is there twice"


def test_half_a_character_is_refused() -> None:
    told = refused(written(document(hostname="web\ud800")))
    assert told.startswith("is no JSON: unexpected end of hex escape")


def test_fifty_megabytes_are_refused_before_they_are_read() -> None:
    large = b'{"schema": 1, "padding": "' + b"x" * 50 * 2**20
    tracemalloc.start()
    began = time.monotonic()
    assert refused(large) == "has 50 MB; the limit for a host's document is 8 MB"
    assert time.monotonic() - began < 0.5
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("name", ["disks", "interfaces", "addresses", "default_routes", "containers", "services", "unread"])
def test_millions_of_wrong_entries_are_one_fault(name: str) -> None:
    """Each of them as a fault of its own would be gigabytes."""
    content = written(document(**{name: "here"})).replace(b'"here"', b"[" + b"{}, " * 400_000 + b"{}]")
    began = time.monotonic()
    assert f"{name}.0." in refused(content)
    assert time.monotonic() - began < 5


def test_a_hundred_thousand_keys_are_refused_before_they_are_looked_at() -> None:
    keys = ", ".join(f'"{at}": 1' for at in range(100_000))
    began = time.monotonic()
    assert refused(f'{{"schema": 1, {keys}}}'.encode()) == "is no JSON: an object has 100,001 keys; the limit is 1,024"
    assert time.monotonic() - began < 5


def test_the_first_of_several_faults_is_told_with_its_place_and_value() -> None:
    wrong = document(hostname="web 1", memory=-1, services=[{"protocol": "icmp", "address": "::", "port": 0, "process": None}])
    told = refused(written(wrong))
    assert told.startswith("is no host's document: hostname: it may not be written so")
    assert "('web 1')" in told
    assert told.endswith(", and 3 more")


def test_the_place_of_a_fault_deep_inside_is_told() -> None:
    told = refused(written(document(containers=[container(ports=[{}])])))
    assert "containers.0.ports.0.host_ip: Field required" in told


def test_a_document_of_nobody_is_refused() -> None:
    nobody = document(hostname=None, machine_id=None, hardware={"manufacturer": None, "model": None, "serial": None})
    assert refused(written(nobody)).endswith("neither a hostname, nor a machine_id, nor a serial: nobody knows whose it is")
    assert parse(written(document(hostname=None, machine_id=None))).document.hardware.serial == "7XYZ123"


def test_a_mark_of_its_encoding_before_it_is_no_harm() -> None:
    assert parse(b"\xef\xbb\xbf" + written(document())).document.hostname == "web-1"


@pytest.mark.parametrize("name", ["web-1", "WEB_1", "web-1.example.org", "1", "xn--bcher-kva.example", "a" * 63])
def test_names_that_hosts_have(name: str) -> None:
    assert parse(written(document(hostname=name))).document.hostname == name


# What is left out.


def left_out(**changed: Any) -> tuple[Any, tuple[str, ...]]:
    """The one list that was changed, as it was read, and the notes."""
    read = parse(written(document(**changed)))
    return [each.model_dump() for each in getattr(read.document, next(iter(changed)))], read.notes


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (address("192.0.2.300/24"), "address '192.0.2.300' left out: it is no IP address"),
        (address("not an address/24"), "address 'not an address' left out: it is no IP address"),
        (address("192.0.2.1/33"), "address '192.0.2.1' left out: /33 is no prefix length of IPv4"),
        (address("010.0.0.1/8"), "address '010.0.0.1' left out: it is no IP address"),
        (
            address("fe80::1%eth0/64"),
            "address 'fe80::1%eth0' left out: it has a zone, which means something on that host alone",
        ),
        ({**address("192.0.2.1/24"), "family": 6}, "address '192.0.2.1' left out: it is no address of IPv6"),
        (address("192.0.2.1/24", "eth7"), "address '192.0.2.1' left out: there is no interface 'eth7'"),
    ],
)
def test_an_odd_address_is_left_out_and_the_others_stay(wrong: dict[str, Any], told: str) -> None:
    addresses, notes = left_out(addresses=[wrong, address("192.0.2.9/24")])
    assert addresses == [address("192.0.2.9/24")]
    assert notes == (told,)


def test_addresses_are_written_alike_and_once() -> None:
    addresses, notes = left_out(addresses=[address("2001:DB8:0:0::1/64"), address("2001:db8::1/64")])
    assert addresses == [address("2001:db8::1/64")]
    assert notes == ()


def test_an_address_as_netbox_writes_it() -> None:
    unknown = {**address("192.0.2.2/24"), "prefix_length": None}
    read = parse(written(document(addresses=[address("192.0.2.1/24"), unknown]))).document.addresses or ()
    assert [each.cidr for each in read] == ["192.0.2.1/24", None]


@pytest.mark.parametrize("name", ["a" * 16, "ü" * 8, "eth 0", "eth/0", "eth:0", ".", "..", "eth\u00a00"])
def test_names_that_linux_gives_no_interface_are_left_out_with_all_that_stands_on_them(name: str) -> None:
    interfaces = [interface(name), interface("eth0")]
    read = parse(written(document(interfaces=interfaces, addresses=[address("192.0.2.1/24", name)], default_routes=[])))
    assert [each.name for each in read.document.interfaces or ()] == ["eth0"]
    assert read.document.addresses == ()
    assert read.notes == (
        f"interface '{' '.join(name.split())}' left out: Linux has no such names",
        f"address '192.0.2.1' left out: there is no interface '{' '.join(name.split())}'",
    )


@pytest.mark.parametrize("name", ["a" * 15, "eth0.10", "enp0s31f6", "br-3f2a", "ü" * 7, "eth0@x"])
def test_names_that_linux_gives(name: str) -> None:
    interfaces, notes = left_out(interfaces=[interface(name)], addresses=[], default_routes=[])
    assert [each["name"] for each in interfaces] == [name]
    assert notes == ()


def test_windows_names_its_interfaces_otherwise() -> None:
    windows = document()["platform"] | {"system": "Windows"}
    name = "Loopback Pseudo-Interface 1"
    interfaces, notes = left_out(interfaces=[interface(name)], platform=windows, addresses=[], default_routes=[])
    assert [each["name"] for each in interfaces] == [name]
    assert notes == ()


def test_an_interface_that_is_told_twice_is_the_first() -> None:
    interfaces, notes = left_out(interfaces=[interface("eth0", mtu=9000), interface("eth0")], addresses=[], default_routes=[])
    assert [each["mtu"] for each in interfaces] == [9000]
    assert notes == ("interface eth0 is told twice: the first is taken",)


@pytest.mark.parametrize(
    ("mac", "read"),
    [
        ("52-54-00-AA-00-01", "52:54:00:aa:00:01"),
        ("525400aa0001", "52:54:00:aa:00:01"),
        ("52:54:00:AA:00:01", "52:54:00:aa:00:01"),
    ],
)
def test_mac_addresses_are_written_alike(mac: str, read: str) -> None:
    interfaces, notes = left_out(interfaces=[interface("eth0", mac=mac, permanent_mac=mac), interface("eth0.10")])
    assert (interfaces[0]["mac"], interfaces[0]["permanent_mac"]) == (read, read)
    assert notes == ()


@pytest.mark.parametrize(
    "mac", ["00:00:00:00:00:00", "ff-ff-ff-ff-ff-ff", "52:54:00:aa:00", "52:54-00:aa:00:01", "eth0", "é" * 12]
)
def test_what_is_no_mac_address_is_left_out(mac: str) -> None:
    interfaces, notes = left_out(interfaces=[interface("eth0", mac=mac), interface("eth0.10")])
    assert interfaces[0]["mac"] is None
    assert notes == (f"interface eth0: MAC address '{mac}' left out: it is none",)


def test_an_odd_route_is_left_out() -> None:
    route = document()["default_routes"][0]
    routes, notes = left_out(default_routes=[{**route, "gateway": "nowhere"}, {**route, "interface": "eth9"}, route, route])
    assert routes == [route]
    assert notes == (
        "default route by 'nowhere' left out: it is no IP address",
        "default route by '192.0.2.1' left out: there is no interface 'eth9'",
    )


def test_odd_addresses_of_a_container_are_left_out_and_the_container_stays() -> None:
    network = {"name": "shop", "addresses": ["172.18.0.2/16", "nonsense"], "mac": "nonsense"}
    containers, notes = left_out(containers=[container(networks=[network]), container("twin")])
    assert containers[0]["networks"] == ({"name": "shop", "addresses": ("172.18.0.2/16",), "mac": None},)
    assert notes == (
        "container shop-web-1, network shop: address 'nonsense' left out: it is none",
        "container shop-web-1, network shop: MAC address 'nonsense' left out: it is none",
        "container 'twin' is told twice: the first is taken",
    )


def test_what_could_not_be_read_stays_null() -> None:
    nothing = dict.fromkeys(("disks", "interfaces", "addresses", "default_routes", "containers", "services"))
    read = parse(written(document(**nothing)))
    assert {name: getattr(read.document, name) for name in nothing} == nothing
    assert read.notes == ()


def test_thousands_of_notes_are_told_as_a_few() -> None:
    read = parse(written(document(addresses=[address(f"10.0.{at // 256}.{at % 256}/99") for at in range(5000)])))
    assert len(read.notes) == 101
    assert read.notes[-1] == "and 4,900 more"


def test_reading_a_host_of_four_times_as_many_containers_takes_four_times_as_many_steps() -> None:
    few, many = steps_to_read(250), steps_to_read(1000)
    assert many < 5 * few


def steps_to_read(containers: int) -> int:
    """The lines of code that it takes to read a host of that many containers."""
    content = json.dumps(document(containers=[container(f"c{at}", id=f"{at:064x}") for at in range(containers)])).encode()
    steps = 0

    def count(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal steps
        steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        assert len(parse(content).document.containers or ()) == containers
    finally:
        sys.settrace(before)
    return steps
