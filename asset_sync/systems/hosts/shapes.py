"""The document that a host gives of itself, typed.

null is what could not be read, and `unread` says why; where that says nothing, there is no such thing (no VLAN, no limit).
Patterns and bounds are the collector's own, which tells them as JSON Schema on machines that have nothing but that file.
"""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from asset_sync.systems.hosts.collect import CLEAN, HOSTNAME, MACHINE_ID, MOST

HostName = Annotated[str, Field(max_length=253, pattern=HOSTNAME)]
MachineId = Annotated[str, Field(pattern=MACHINE_ID)]
Name = Annotated[str, Field(min_length=1, max_length=MOST["name"], pattern=CLEAN)]
Text = Annotated[str, Field(max_length=MOST["text"], pattern=CLEAN)]
"""A path, a label, a reason; it may be empty."""
Count = Annotated[int, Field(ge=0, le=2**32 - 1)]
Bytes = Annotated[int, Field(ge=0, le=2**63 - 1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Prefix = Annotated[int, Field(ge=0, le=128)]
Family = Literal[4, 6]
State = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]


class _Part(BaseModel):
    # Every list fails fast: a file of millions of wrong entries would be millions of errors.
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Platform(_Part):
    """The system, raw: `id` to `pretty_name` as os-release has them, `system` as Python calls it (Linux, Windows, Darwin)."""

    system: Name
    id: Name | None
    name: Name | None
    version_id: Name | None
    version_codename: Name | None
    pretty_name: Name | None
    kernel: Name | None
    architecture: Name | None


class Hardware(_Part):
    """What the firmware says of the machine, raw: it may be junk such as "To be filled by O.E.M."."""

    manufacturer: Name | None
    model: Name | None
    serial: Name | None


class Cpu(_Part):
    """The processors: `cores` physical ones, `threads` logical ones, of all sockets together."""

    model: Name | None
    cores: Count | None
    threads: Count | None


class Disk(_Part):
    """A disk, by its name in the system (sda); its size in bytes."""

    name: Name
    size: Bytes | None
    model: Name | None
    serial: Name | None
    removable: bool | None


class Interface(_Part):
    """A network interface.

    `kind`: loopback, physical, wireless, or the kernel's own word (bridge, bond, vlan, veth, wireguard, tun, dummy, vxlan).
    `enabled`: whether it was switched on; `state`: the kernel's operational state in small letters (up, down, unknown, dormant,
    lowerlayerdown). `speed` is in Mbit/s. `parent` is what a VLAN lies on, and the other end of a veth; `master` the bond or
    bridge that it is a member of.
    """

    name: Name
    kind: Name | None
    mac: Name | None
    permanent_mac: Name | None
    mtu: Count | None
    speed: Count | None
    enabled: bool | None
    state: Name | None
    parent: Name | None
    master: Name | None
    vlan_id: Annotated[int, Field(ge=0, le=4095)] | None


class Address(_Part):
    """An IP address on an interface.

    `scope`: global, site, link or host. Lifetimes are the seconds that were left when it was read, null for ever. `dynamic`:
    from DHCP or a router, so that it has a lifetime. `temporary`: a privacy address of IPv6.
    """

    interface: Name
    address: Name
    prefix_length: Prefix | None
    family: Family
    scope: Name | None
    valid_lifetime: Count | None
    preferred_lifetime: Count | None
    dynamic: bool | None
    temporary: bool | None
    deprecated: bool | None

    @property
    def cidr(self) -> str | None:
        """The address as NetBox writes it, 192.0.2.1/24; None where its prefix length could not be read."""
        return None if self.prefix_length is None else f"{self.address}/{self.prefix_length}"


class DefaultRoute(_Part):
    """A default route; a small metric wins. Without a gateway it leads into the interface itself, as a tunnel's."""

    family: Family
    gateway: Name | None
    interface: Name
    metric: Count | None
    preferred_source: Name | None


class Compose(_Part):
    """What compose stamped on a container: `number` counts the containers of a service from 1."""

    project: Name
    service: Name | None
    number: Count | None
    working_dir: Text | None


class ContainerPort(_Part):
    """A port of a container. One that is not published has no `host_port`; no `host_ip` is every address of the host."""

    host_ip: Name | None
    host_port: Port | None
    container_port: Port
    protocol: Literal["tcp", "udp", "sctp"]


class Volume(_Part):
    """What is mounted into a container: `type` is bind, volume, tmpfs, ...; `source` the volume's name, or the host's path."""

    type: Name
    source: Text | None
    destination: Text
    read_only: bool | None


class ContainerNetwork(_Part):
    """A network that a container is in; addresses with their prefix length (172.18.0.2/16), none while it does not run."""

    name: Name
    addresses: Annotated[tuple[Name, ...], Field(max_length=MOST["network_addresses"], fail_fast=True)]
    mac: Name | None


class Container(_Part):
    """A container. `digest` is the one that the registry knows its image by, null for an image that was built on the host.

    `cpus` is the limit in processors (1.5), `memory` in bytes; null where there is none. Labels that could hold a secret are
    not told. Ports, volumes and networks are null where the engine did not let them be read.
    """

    engine: Literal["docker", "podman"]
    id: Name
    name: Name
    image: Name | None
    image_id: Name | None
    digest: Name | None
    state: State | None
    compose: Compose | None
    cpus: Annotated[float, Field(gt=0, le=1_000_000)] | None
    memory: Bytes | None
    restart_policy: Name | None
    ports: Annotated[tuple[ContainerPort, ...], Field(max_length=MOST["ports"], fail_fast=True)] | None
    volumes: Annotated[tuple[Volume, ...], Field(max_length=MOST["volumes"], fail_fast=True)] | None
    labels: Annotated[dict[Name, Text], Field(max_length=MOST["labels"])] | None
    networks: Annotated[tuple[ContainerNetwork, ...], Field(max_length=MOST["networks"], fail_fast=True)] | None


class Service(_Part):
    """A port that the host listens on, and the name of the process where it may be read."""

    protocol: Literal["tcp", "udp"]
    address: Name
    port: Port
    process: Name | None


class Unread(_Part):
    """Why a value is null: `path` is a JSON pointer to it, as the collector wrote the document (/interfaces/2/speed).

    Of a label that is not told, it is where that would be; where a list is not null, it lacks something without a usable name.
    """

    path: Text
    reason: Text


class HostDocument(_Part):
    """A host, as it was at `collected_at`. At least one of `hostname`, `machine_id` and `hardware.serial` is there."""

    version: Annotated[Literal[1], Field(alias="schema")]
    collected_at: AwareDatetime
    hostname: HostName | None
    fqdn: HostName | None
    machine_id: MachineId | None
    platform: Platform
    hardware: Hardware
    cpu: Cpu
    memory: Bytes | None
    disks: Annotated[tuple[Disk, ...], Field(max_length=MOST["disks"], fail_fast=True)] | None
    interfaces: Annotated[tuple[Interface, ...], Field(max_length=MOST["interfaces"], fail_fast=True)] | None
    addresses: Annotated[tuple[Address, ...], Field(max_length=MOST["addresses"], fail_fast=True)] | None
    default_routes: Annotated[tuple[DefaultRoute, ...], Field(max_length=MOST["default_routes"], fail_fast=True)] | None
    containers: Annotated[tuple[Container, ...], Field(max_length=MOST["containers"], fail_fast=True)] | None
    services: Annotated[tuple[Service, ...], Field(max_length=MOST["services"], fail_fast=True)] | None
    unread: Annotated[tuple[Unread, ...], Field(max_length=MOST["unread"], fail_fast=True)]

    @model_validator(mode="after")
    def _names_a_machine(self) -> Self:
        if not (self.hostname or self.machine_id or self.hardware.serial):
            raise ValueError("it has neither a hostname, nor a machine_id, nor a serial: nobody knows whose it is")
        return self
