"""What a fabric is to be, as its people keep it in a folder of YAML files (a working copy of their repository, for example).

The files are read as `kubectl apply -R -f` reads them: `*.yaml`, `*.yml` and `*.json` at any depth, several objects in a file,
and lists of objects. Objects of other kinds and of other namespaces are passed over. What is wrong is told with its file, and
nothing is taken: half of a folder is not what a fabric is to be.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from asset_sync.reconcile.errors import ConfigurationError, SourceError
from asset_sync.systems.hedgehog.kinds import KINDS, VERSION, Kind
from asset_sync.systems.hedgehog.reading import Listing

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_BY_PLACE: Final = {(f"{kind.group}/{VERSION}", kind.name): kind for kind in KINDS if kind.needed}
"""The kinds that people write; what switches tell is none of theirs."""
_DEFAULT: Final = "default"


def read_directory(folder: Path, namespace: str = _DEFAULT) -> dict[str, Listing]:
    """Return the objects of a folder, by kind, as `asset_sync.systems.hedgehog.read` returns those of a cluster.

    Raises `ConfigurationError` where there is no such folder, and `SourceError` for a file that cannot be read, that is no
    YAML, or in which an object has no name, and for an object that is there twice.
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
    return {kind: Listing("read", "", dict(sorted(objects.items()))) for kind, objects in found.items()}


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix in _SUFFIXES and not hidden and path.is_file():
            yield path


def _objects(path: Path, namespace: str) -> Iterator[tuple[Kind, str, Mapping[str, Any]]]:
    for given in _documents(path):
        kind = _BY_PLACE.get((str(given.get("apiVersion")), str(given.get("kind"))))
        meta = given.get("metadata")
        there = meta if isinstance(meta, dict) else {}
        if kind is None or (there.get("namespace") or _DEFAULT) != namespace:
            continue
        name = there.get("name")
        if not isinstance(name, str) or not name:
            raise SourceError(f"{path}: a {kind.name} in it has no name; nothing was taken")
        yield kind, name, given


def _documents(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a file, those of lists one by one."""
    for document in _parsed(path):
        if document is None:
            continue
        if not isinstance(document, dict):
            raise SourceError(f"{path}: there is something in it that is no object; nothing was taken")
        items = document.get("items")
        listed = items if str(document.get("kind", "")).endswith("List") and isinstance(items, list) else [document]
        yield from (each for each in listed if isinstance(each, dict))


def _parsed(path: Path) -> list[Any]:
    try:
        return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: it cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise SourceError(f"{path}{line}: it is no YAML: {getattr(error, 'problem', error)}") from None
