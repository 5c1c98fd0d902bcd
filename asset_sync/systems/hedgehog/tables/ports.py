"""The ports of a switch: those of its profile, as they are broken out, and the names that each of them goes by.

Source: the documentation of Hedgehog, "Switch Profiles and Port Naming". A port that can be broken out has lanes `E1/55/1`,
`E1/55/2` …; the first one may be told as `E1/55`. Where it has but one lane, it is `E1/55` here, as on the front panel, and
`E1/55/1` names the same (so do Agents). The switch itself says `Ethernet72` (`nos` of the profile).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from asset_sync.systems.hedgehog.tables.values import Json, in_order, part, speed, text

PortKind = Literal["physical", "breakout", "management"]

MANAGEMENT: Final = "M1"
"""The port that has a switch's management address, whatever its profile says."""
CONFIGURED: Final = ("portBreakouts", "portSpeeds", "portGroupSpeeds")
"""What the spec of a switch says of its ports."""
_PORT: Final = re.compile(r"M\d+|E\d+/\d+(?:/\d+)?", re.ASCII)
_MODE: Final = re.compile(r"([1-8])x(.+)", re.ASCII)
_CAGE: Final = re.compile(r"([A-Z0-9+]+)-([\d.]+G)(?:-.*)?", re.ASCII)
_TYPES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("RJ45", "1G"): "1000base-t",
        ("RJ45", "10G"): "10gbase-t",
        ("SFP", "1G"): "1000base-x-sfp",
        ("SFP+", "10G"): "10gbase-x-sfpp",
        ("SFP28", "25G"): "25gbase-x-sfp28",
        ("SFP56", "50G"): "50gbase-x-sfp56",
        ("QSFP+", "40G"): "40gbase-x-qsfpp",
        ("QSFP28", "100G"): "100gbase-x-qsfp28",
        ("QSFP56", "200G"): "200gbase-x-qsfp56",
        ("QSFPDD", "200G"): "200gbase-x-qsfpdd",
        ("QSFPDD", "400G"): "400gbase-x-qsfpdd",
        ("QSFPDD", "800G"): "800gbase-x-qsfpdd",
        ("OSFP", "400G"): "400gbase-x-osfp",
        ("OSFP", "800G"): "800gbase-x-osfp",
    }
)
"""NetBox's types by the cage and the speed that the name of a port's profile says: SFP28-25G."""
_GUESSES: Final[Mapping[int, str]] = MappingProxyType(
    {
        10**6: "1000base-t",
        10 * 10**6: "10gbase-x-sfpp",
        25 * 10**6: "25gbase-x-sfp28",
        40 * 10**6: "40gbase-x-qsfpp",
        50 * 10**6: "50gbase-x-sfp56",
        100 * 10**6: "100gbase-x-qsfp28",
        200 * 10**6: "200gbase-x-qsfp56",
        400 * 10**6: "400gbase-x-qsfpdd",
        800 * 10**6: "800gbase-x-osfp",
    }
)
"""NetBox's types by speed in kbit/s: of those that there are for one, the commonest in a switch."""
_OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Port:
    """A port: `speed` in kbit/s as it is configured, `type` as NetBox calls what the profile says, `panel` what is printed."""

    name: str
    kind: PortKind
    speed: int | None = None
    type: str | None = None
    panel: str | None = None


class Ports:
    """The ports of one switch, by name and in order; `names` leads from every name of a port to the one that it has here."""

    def __init__(self, ports: Iterable[Port] = (), names: Mapping[str, str] = MappingProxyType({})) -> None:
        self.by_name = {port.name: port for port in ports}
        self._names = names

    def name(self, said: str) -> str:
        """Return the name of a port; one that is not known keeps the name that it is told by."""
        return said if said in self.by_name else self._names.get(said, said)


def guessed_type(kbps: int | None) -> str:
    """Return what a port of that speed most often is."""
    return _GUESSES.get(kbps or 0, _OTHER)


def switch_ports(switch: Json, profile: Json) -> Ports:
    """Return the ports of a switch by its spec and its profile's; without a profile, none but those that are broken out."""
    told = part(profile, "ports")
    ports: list[Port] = []
    names: dict[str, str] = {}
    for base in in_order(told or part(switch, "portBreakouts")):
        given = part(told, base)
        found = list(_made_of(base, given, switch, profile))
        ports += found
        if found:
            names |= _also_named(base, given, found)
    return Ports(ports, names)


def _made_of(base: str, given: Json, switch: Json, profile: Json) -> Iterator[Port]:
    panel = text(given.get("label"))
    if given.get("management") is True:
        yield Port(base, "management")
        return
    kind, configured = _configured(base, given, switch, profile)
    lanes, lane_speed = _lanes(base, part(profile, "portProfiles", kind or ""), switch, known=bool(given))
    if lanes == 1:
        yield Port(base, "physical", lane_speed or configured, _type(kind), panel)
    else:
        yield from (Port(f"{base}/{lane}", "breakout", lane_speed, None, panel) for lane in range(1, lanes + 1))


def _configured(base: str, given: Json, switch: Json, profile: Json) -> tuple[str | None, int | None]:
    """Return which profile a port has, and its speed where that is of the port or of its group."""
    group = text(given.get("group"))
    if group is None:
        kind, own = text(given.get("profile")), part(switch, "portSpeeds").get(base)
    else:
        kind, own = text(part(profile, "portGroups", group).get("profile")), part(switch, "portGroupSpeeds").get(group)
    default = part(profile, "portProfiles", kind or "", "speed").get("default")
    return kind, speed(own) or speed(default)


def _lanes(base: str, kind: Json, switch: Json, *, known: bool) -> tuple[int, int | None]:
    """Return of how many lanes a port is, and how quick each of them is where the mode says so."""
    breakout = part(kind, "breakout")
    if known and not breakout:
        return 1, None
    for mode in (part(switch, "portBreakouts").get(base), breakout.get("default")):
        found = _MODE.fullmatch(text(mode) or "")
        if found:
            return int(found[1]), speed(found[2])
    return 1, None


def _type(kind: str | None) -> str | None:
    found = _CAGE.fullmatch(kind or "")
    return _TYPES.get((found[1], found[2])) if found else None


def _also_named(base: str, given: Json, found: list[Port]) -> dict[str, str]:
    """Return the other names of the first lane of a port, and those that the switch itself has for one that has no more."""
    first = found[0].name
    names = {base: first, f"{base}/1": first}
    own = text(given.get("nos"))
    if own and len(found) == 1:
        names[own] = first
    return names


def is_port(name: Any) -> bool:
    """Tell whether a switch's own name of an interface is that of a port, and not that of a channel."""
    return isinstance(name, str) and bool(_PORT.fullmatch(name))
