"""What a fabric is to be, as its people keep it in a folder of YAML files (a working copy of their repository, for example).

The files are read as `kubectl apply -R -f` reads them: `*.yaml`, `*.yml` and `*.json` at any depth, several objects in a file,
and lists of objects. Objects of other kinds and of other namespaces are passed over. What is wrong is told with its file, and
nothing is taken: half of a folder is not what a fabric is to be.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from asset_sync.reconcile.errors import ConfigurationError, SourceError
from asset_sync.systems.hedgehog.kinds import KINDS, VERSION, Kind
from asset_sync.systems.hedgehog.reading import Listing
from asset_sync.systems.hedgehog.tables.links import said_kinds
from asset_sync.systems.hedgehog.tables.values import part
from asset_sync.systems.hedgehog.yaml_files import documents

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_BY_PLACE: Final = {(kind.group, kind.name): kind for kind in KINDS if kind.needed}
"""The kinds that people write; what switches tell is none of theirs."""
_DEFAULT: Final = "default"
_SWITCH: Final = "Switch"


def read_directory(folder: Path, namespace: str = _DEFAULT) -> dict[str, Listing]:
    """Return the objects of a folder, by kind, as `asset_sync.systems.hedgehog.read` returns those of a cluster.

    Raises what `read_marked` does.
    """
    return read_marked(folder, namespace)[0]


def read_marked(folder: Path, namespace: str = _DEFAULT) -> tuple[dict[str, Listing], frozenset[str]]:
    """Return the objects of a folder, and the marks by which it is known, whatever the path that leads to it.

    Those are where it is, and where its files of switches are: another folder may be a part of it. What else there is in
    files, such as profiles, fabrics may share.
    Raises `ConfigurationError` where there is no such folder, and `SourceError` for a file that cannot be read, that is no
    YAML, or in which an object has no name, for a folder that cannot be entered, and for an object that is there twice.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"Hedgehog: the folder {folder} does not exist")
    found: dict[str, dict[str, Any]] = {kind.name: {} for kind in KINDS}
    places: dict[tuple[str, str], Path] = {}
    for path in sorted(_files(folder)):
        for kind, name, given in _objects(path, namespace):
            if name in found[kind.name]:
                raise SourceError(f"{path}: {kind.name} {name!r} is also in {places[kind.name, name]}; nothing was taken")
            found[kind.name][name] = given
            places[kind.name, name] = path
    if not places:
        raise SourceError(f"{folder}: there is no object of a fabric in it")
    of_switches = {path for (kind, _), path in places.items() if kind == _SWITCH}
    marks = frozenset(os.path.realpath(path) for path in (folder, *of_switches))
    return {kind: Listing("read", "", dict(sorted(objects.items()))) for kind, objects in found.items()}, marks


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_unread):
        folders[:] = [name for name in folders if not name.startswith(".")]
        # A link to a file that is gone is one that cannot be read.
        shown = (Path(place, name) for name in names if not name.startswith("."))
        yield from (path for path in shown if path.suffix in _SUFFIXES)


def _unread(error: OSError) -> None:
    raise SourceError(f"{error.filename}: it cannot be read: {error.strerror}; nothing was taken")


def _objects(path: Path, namespace: str) -> Iterator[tuple[Kind, str, Mapping[str, Any]]]:
    for given in _documents(path):
        kind = _kind(path, str(given.get("apiVersion")), str(given.get("kind")))
        meta = given.get("metadata")
        there = meta if isinstance(meta, dict) else {}
        if kind is None or (there.get("namespace") or _DEFAULT) != namespace:
            continue
        name = there.get("name")
        if not isinstance(name, str) or not name:
            raise SourceError(f"{path}: a {kind.name} in it has no name; nothing was taken")
        if len(kinds := said_kinds(part(given, "spec"))) > 1:
            raise SourceError(f"{path}: {kind.name} {name!r} is of several kinds: {', '.join(kinds)}; nothing was taken")
        yield kind, name, given


def _kind(path: Path, api_version: str, name: str) -> Kind | None:
    """Return what kind an object is of, None for one that is none of a fabric's. What is of another version is no such one."""
    kind = _BY_PLACE.get((api_version.partition("/")[0], name))
    if kind is not None and api_version != f"{kind.group}/{VERSION}":
        raise SourceError(f"{path}: a {name} in it is of {api_version}, and not of {kind.group}/{VERSION}; nothing was taken")
    return kind


def _documents(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a file, those of lists one by one, with the kind that a list of one kind says for them."""
    for document in documents(path):
        if document is not None:
            yield from _listed(path, _object(path, document))


def _listed(path: Path, document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    kind = str(document.get("kind", ""))
    if not kind.endswith("List"):
        yield document
        return
    items = document.get("items") or []
    if not isinstance(items, list):
        raise SourceError(f"{path}: the items of a {kind} are no list; nothing was taken")
    of_all = {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")}
    yield from ({**of_all, **_object(path, each)} for each in items)


def _object(path: Path, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise SourceError(f"{path}: there is something in it that is no object; nothing was taken")
    return given
