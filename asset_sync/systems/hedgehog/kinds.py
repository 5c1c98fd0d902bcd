"""The kinds of a fabric that are read (facts/hedgehog.md §6)."""

from dataclasses import dataclass
from typing import Final

VERSION: Final = "v1beta1"
_WIRING: Final = "wiring.githedgehog.com"
_VPC: Final = "vpc.githedgehog.com"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of custom resource. One that is not `needed` is left out where the token has no right to it."""

    group: str
    name: str
    plural: str
    needed: bool = True

    @property
    def resource(self) -> str:
        """Its name in rights and messages, such as `vpcs.vpc.githedgehog.com`."""
        return f"{self.plural}.{self.group}"


KINDS: Final = (
    Kind(_WIRING, "SwitchProfile", "switchprofiles"),
    Kind(_WIRING, "ServerProfile", "serverprofiles"),
    Kind(_WIRING, "SwitchGroup", "switchgroups"),
    Kind(_WIRING, "VLANNamespace", "vlannamespaces"),
    Kind(_WIRING, "Switch", "switches"),
    Kind(_WIRING, "Server", "servers"),
    Kind(_WIRING, "Connection", "connections"),
    Kind(_VPC, "IPv4Namespace", "ipv4namespaces"),
    Kind(_VPC, "VPC", "vpcs"),
    Kind(_VPC, "VPCAttachment", "vpcattachments"),
    Kind(_VPC, "VPCPeering", "vpcpeerings"),
    Kind(_VPC, "External", "externals"),
    Kind(_VPC, "ExternalAttachment", "externalattachments"),
    Kind(_VPC, "ExternalPeering", "externalpeerings"),
    Kind("agent.githedgehog.com", "Agent", "agents", needed=False),
)
"""All that are read. Agents hold what the switches tell, and also users' password hashes, so that a token may not have them."""
