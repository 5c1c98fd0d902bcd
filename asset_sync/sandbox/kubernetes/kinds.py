"""The kinds that the simulated cluster knows, from the CustomResourceDefinitions that lie in `crds`.

The files are those of githedgehog/fabric at commit 78827deb, `config/crd/bases`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

Json = dict[str, Any]

VERSION: Final = "v1beta1"
"""The one version that all of these kinds are served in."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of custom resource, such as `Switch` in `wiring.githedgehog.com`, with its structural schema."""

    group: str
    name: str
    plural: str
    singular: str
    short_names: tuple[str, ...]
    schema: Json = field(repr=False, hash=False)

    @property
    def resource(self) -> str:
        """The name that rights and messages have for it, such as `switches.wiring.githedgehog.com`."""
        return f"{self.plural}.{self.group}"

    @property
    def api_version(self) -> str:
        """Such as `wiring.githedgehog.com/v1beta1`."""
        return f"{self.group}/{VERSION}"


@cache
def known() -> Mapping[str, Kind]:
    """All kinds by `resource`."""
    folder = files(__package__) / "crds"
    # Python's own loader needs two seconds for these files.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    kinds = [_kind(yaml.load(file.read_bytes(), loader)) for file in folder.iterdir()]  # noqa: S506 - both are safe loaders
    return {kind.resource: kind for kind in sorted(kinds, key=lambda kind: kind.resource)}


def named(name: str) -> Kind:
    """The kind of that name, such as `VPC`. Raises KeyError."""
    return _by_name()[name]


@cache
def _by_name() -> Mapping[str, Kind]:
    return {kind.name: kind for kind in known().values()}


def _kind(crd: Json) -> Kind:
    spec = crd["spec"]
    (version,) = spec["versions"]
    if version["name"] != VERSION:
        raise ValueError(f"{crd['metadata']['name']} is of version {version['name']}, not {VERSION}")
    names = spec["names"]
    short = tuple(names.get("shortNames", ()))
    schema = version["schema"]["openAPIV3Schema"]
    return Kind(spec["group"], names["kind"], names["plural"], names["singular"], short, schema)
