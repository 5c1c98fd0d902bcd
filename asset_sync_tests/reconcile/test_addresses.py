import ipaddress
from ipaddress import IPv4Address, IPv6Address

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_sync.reconcile import addresses
from asset_sync.reconcile.addresses import Verdict, judge, judge_all

PUBLIC = "public address: WhatsUp Gold must be able to reach it"
PRIVATE = "private address"
SHARED = "shared address space (100.64.0.0/10)"
DOCUMENTATION = "documentation address"


@pytest.mark.parametrize(
    ("written", "address", "refused"),
    [
        (None, None, "no primary address"),
        ("", None, "no primary address"),
        ("  ", None, "no primary address"),
        ("sw-01", None, "not an IP address: 'sw-01'"),
        ("10.0.0.256", None, "not an IP address: '10.0.0.256'"),
        ("10.0.0.01", None, "not an IP address: '10.0.0.01'"),
        ("10.0.0.1/33", None, "not an IP address: '10.0.0.1/33'"),
        ("10.0.0.1\n10.0.0.2", None, "not an IP address: '10.0.0.1\\n10.0.0.2'"),
        ("2001:db8::1%eth0", None, "not an IP address: '2001:db8::1%eth0'"),
        ("0.0.0.0", "0.0.0.0", "unspecified address"),
        ("0.0.0.1", "0.0.0.1", "reserved address"),
        ("0.255.255.255/8", "0.255.255.255", "reserved address"),
        ("127.0.0.1/8", "127.0.0.1", "loopback address"),
        ("127.255.255.255", "127.255.255.255", "loopback address"),
        ("169.254.0.0", "169.254.0.0", "link-local address"),
        ("169.254.255.255/16", "169.254.255.255", "link-local address"),
        ("224.0.0.1", "224.0.0.1", "multicast address"),
        ("239.255.255.255", "239.255.255.255", "multicast address"),
        ("240.0.0.0/4", "240.0.0.0", "reserved address"),
        ("255.255.255.255", "255.255.255.255", "reserved address"),
        ("::", "::", "unspecified address"),
        ("::1/128", "::1", "loopback address"),
        ("fe80::1/64", "fe80::1", "link-local address"),
        ("febf:ffff::1", "febf:ffff::1", "link-local address"),
        ("ff02::1", "ff02::1", "multicast address"),
        ("64:ff9b::8.8.8.8", "64:ff9b::808:808", "reserved address"),
        ("100::1", "100::1", "reserved address"),
        ("4000::1", "4000::1", "reserved address"),
        ("::ffff:127.0.0.1", "127.0.0.1", "loopback address"),
        ("::ffff:0.0.0.0/96", "0.0.0.0", "unspecified address"),
        ("::ffff:240.0.0.1", "240.0.0.1", "reserved address"),
    ],
)
def test_refused(written: str | None, address: str | None, refused: str) -> None:
    assert judge(written) == Verdict(address, refused, ())


@pytest.mark.parametrize(
    ("written", "address", "warning"),
    [
        ("10.0.0.1/24", "10.0.0.1", PRIVATE),
        (" 10.0.0.1 ", "10.0.0.1", PRIVATE),
        ("172.16.0.1", "172.16.0.1", PRIVATE),
        ("172.31.255.255", "172.31.255.255", PRIVATE),
        ("192.168.1.1/32", "192.168.1.1", PRIVATE),
        ("fd00::1/64", "fd00::1", PRIVATE),
        ("fec0::1", "fec0::1", PRIVATE),
        ("::ffff:10.0.0.1", "10.0.0.1", PRIVATE),
        ("1.0.0.0", "1.0.0.0", PUBLIC),
        ("8.8.8.8", "8.8.8.8", PUBLIC),
        ("172.32.0.0", "172.32.0.0", PUBLIC),
        ("169.253.255.255", "169.253.255.255", PUBLIC),
        ("223.255.255.255", "223.255.255.255", PUBLIC),
        ("2A00:1450:4001:0:0:0:0:1/64", "2a00:1450:4001::1", PUBLIC),
        ("::ffff:808:808", "8.8.8.8", PUBLIC),
        ("100.63.255.255", "100.63.255.255", PUBLIC),
        ("100.64.0.0", "100.64.0.0", SHARED),
        ("100.127.255.255", "100.127.255.255", SHARED),
        ("100.128.0.0", "100.128.0.0", PUBLIC),
        ("192.0.2.1/24", "192.0.2.1", DOCUMENTATION),
        ("198.51.100.255", "198.51.100.255", DOCUMENTATION),
        ("203.0.113.0", "203.0.113.0", DOCUMENTATION),
        ("2001:db8:ffff::1/64", "2001:db8:ffff::1", DOCUMENTATION),
        ("3fff:fff::1", "3fff:fff::1", DOCUMENTATION),
        ("3fff:1000::1", "3fff:1000::1", PUBLIC),
    ],
)
def test_accepted_with_a_warning(written: str, address: str, warning: str) -> None:
    assert judge(written) == Verdict(address, None, (warning,))


def test_what_is_written_in_place_of_an_address_is_told_in_one_short_line() -> None:
    told = judge("see\nnote " * 1000).refused
    assert told is not None
    assert "\n" not in told
    assert len(told) < 100


def monitored(ip: IPv4Address | IPv6Address) -> bool:
    """The truth, said with the module's own properties."""
    unreachable = ip.version == 4 and int(ip) < 2**24
    never = ip.is_loopback or ip.is_multicast or ip.is_unspecified or ip.is_link_local or ip.is_reserved
    return not (unreachable or never)


@given(st.ip_addresses())
def test_refuses_what_the_module_calls_so_and_nothing_else(ip: IPv4Address | IPv6Address) -> None:
    meant = ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip
    verdict = judge(str(ip))
    assert verdict.address == str(meant)
    assert (verdict.refused is None) == monitored(meant)
    assert len(verdict.warnings) == (verdict.refused is None)


@given(st.ip_addresses().filter(monitored))
def test_private_and_public_are_what_the_module_calls_so(ip: IPv4Address | IPv6Address) -> None:
    warning = judge(str(ip)).warnings[0]
    if warning == PRIVATE:
        assert ip.is_private or (isinstance(ip, IPv6Address) and ip.is_site_local)
    elif warning == PUBLIC:
        assert ip.is_global
    elif warning == SHARED:
        assert not ip.is_private
        assert not ip.is_global
    else:
        assert warning == DOCUMENTATION


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_prefix_length_and_the_way_of_writing_do_not_matter(ip: IPv4Address, length: int) -> None:
    expected = judge(str(ip))
    assert judge(f"{ip}/{length}") == expected
    assert judge(f"::ffff:{ip}/{96 + length}") == expected


@given(st.ip_addresses(v=6), st.integers(0, 128))
def test_every_spelling_of_an_ipv6_address_is_one_address(ip: IPv6Address, length: int) -> None:
    assert judge(f"{ip.exploded.upper()}/{length}") == judge(str(ip))


@pytest.mark.slow
@given(st.text(max_size=20))
def test_any_text_is_judged(text: str) -> None:
    verdict = judge(text)
    assert verdict.address is None or str(ipaddress.ip_address(verdict.address)) == verdict.address
    assert (verdict.refused is None) == bool(verdict.warnings)


@given(st.lists(st.none() | st.ip_addresses().map(str) | st.sampled_from(["10.0.0.1/24", "127.0.0.1", "x", ""]), max_size=12))
def test_a_column_is_judged_as_its_cells_are(written: list[str | None]) -> None:
    column = pd.Series(written, index=range(7, 7 + len(written)), dtype="str")
    judged = judge_all(column)
    assert judged.index.equals(column.index)
    assert list(judged.columns) == ["address", "refused", "warnings"]
    assert list(judged.dtypes) == ["str"] * 3
    told = judged.astype(object).where(judged.notna(), None).itertuples(index=False, name=None)
    assert [Verdict(address, refused, (warning,) if warning else ()) for address, refused, warning in told] == [
        judge(address) for address in written
    ]


def test_several_warnings_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "judge", lambda address: Verdict(address, None, ("one", "two")))
    assert list(judge_all(pd.Series(["10.0.0.1"]))["warnings"]) == ["one; two"]


def test_each_address_of_a_column_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def judged(address: str | None) -> Verdict:
        seen.append(address)
        return judge(address)

    monkeypatch.setattr(addresses, "judge", judged)
    column = pd.Series([f"10.0.0.{number % 200}/24" for number in range(100_000)])
    assert judge_all(column)["address"].nunique() == 200
    assert len(seen) == 201  # and what is to be said of no address
