"""The form of the YAML files of syncs, checked before Dagster loads them: one line says file, line, key and what is wrong."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Any, Final, Protocol, cast

import dagster as dg
import yaml
from pydantic import BaseModel, ValidationError

from asset_sync import components
from asset_sync.components import config
from asset_sync.components.config import Place
from asset_sync.components.objects import objects
from asset_sync.components.wording import filled_in, raise_first
from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError

_NAME: Final = re.compile(r"\w+", re.ASCII)
_PACKAGE: Final = "asset_sync.components."
_NOW: Final = "write `type: asset_sync.components.SyncComponent`"
_REFUSING: Final = frozenset({"dagster", "dagster_shared", "pydantic_core", "jinja2"})
"""Whose errors say what is wrong with what is written in a file; any other is one of the code."""
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C, where it is built: Python's own needs a tenth of a second a file."""
_COMPONENT: Final = re.compile(r"(?:definitions for|loading component) (.+?)\[")
_NO_LONGER: Final = {
    "PdqToNetbox": f"{_NOW}, `source: pdq`, `target: netbox`, and the kinds that are written: "
    "`kinds: [manufacturer, inventory_item_type, asset]`",
    "NetboxToWug": f"{_NOW}, `source: netbox`, `target: wug` and `connections_of: target`; of each connection `enabled` and "
    "`interval_seconds`, its filters below `source_options`, and what WhatsUp Gold is told below `target_options`",
    "WugToNetbox": f"{_NOW}, `source: wug` and `target: netbox`, with `exported_by` and `root_group` below `source_options`",
}
"""Types of earlier versions, and what is written instead."""


def check_forms(folder: Path) -> None:
    """Raise `ConfigurationError` for the first file below a folder that has not the form of its component.

    Or that names what must be its own as another file does: assets, and folders of files; or a sync that there is not.
    """
    formed = {file: _formed(file) for file in files(folder)}
    syncs = {file: made for file, made in formed.items() if isinstance(made, components.SyncComponent)}
    _check_folders(file for file, made in formed.items() if made is not None)
    _check_names(syncs)
    there = sorted(file.parent.name for file, made in formed.items() if not isinstance(made, components.Alerts))
    for file, made in syncs.items():
        for keys, name in made.others():
            if name not in there:
                words = f"there is no sync {name!r} here; there are {', '.join(there)}"
                raise Place(file, ("attributes", *keys)).error(words)


def _check_folders(found: Iterable[Path]) -> None:
    for file in found:
        name = file.parent.name
        if not is_name(name):
            told = "is no name for a sync, which is called like its folder: letters, digits and _, and no keyword of Python"
            raise ConfigurationError(f"{file}: {name!r} {told}")


def is_name(name: str) -> bool:
    """Tell whether a sync can be called so: its assets, its job and its module are."""
    return _NAME.fullmatch(name) is not None and not iskeyword(name)


def _check_names(syncs: Mapping[Path, components.SyncComponent]) -> None:
    taken: dict[tuple[str, str], str] = {}
    for file, made in syncs.items():
        sync = file.parent.name
        for keys, name in made.names(sync).items():
            of_assets = keys[0] == "keys"
            other = taken.setdefault((keys[-1] if of_assets else "folder", name), sync)
            if other != sync:
                what = f"what the assets of {other} are called" if of_assets else f"a folder of {other}"
                raise Place(file, ("attributes", *keys)).error(f"{name!r} is {what}: {sync} needs another one here")


def loaded(folder: Path, load: Callable[[], dg.Definitions], *, root: Path | None = None) -> dg.Definitions:
    """Return what Dagster loads from the YAML files below a folder, or of these from those below a root alone.

    Raises `ConfigurationError` where one is wrong, in place of the exceptions that Dagster wraps around it.
    """
    check_forms(folder)
    try:
        made = load()
    except Exception as error:
        told = _told(root or folder, error)
        if told is None:
            raise
        # A new one: raised again in here, it would stand in the chain of its own causes.
        raise ConfigurationError(told) from None
    return dg.Definitions.merge(made, dg.Definitions(assets=objects(made.assets or ())))


def _told(folder: Path, error: BaseException) -> str | None:
    """Return in a line what is wrong in a YAML file; None where an error may be one of the code."""
    chain = list(_chain(error))
    ours = next((each for each in chain if isinstance(each, AssetSyncError)), None)
    if ours is not None:
        return str(ours)
    refusing = [each for each in chain if type(each).__module__.partition(".")[0] in _REFUSING]
    if not refusing or not (chain[-1] in refusing or isinstance(chain[-1], ImportError)):
        return None
    found = _COMPONENT.search(str(error))
    file = folder / found.group(1) / config.FILE if found else folder
    if isinstance(refusing[-1], ValidationError) and file.is_file() and (told := filled_in(file, refusing[-1])):
        return told
    words = str(refusing[-1]).partition("Description: ")
    return f"{file}: {' '.join((words[2] or words[0]).split())}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        yield error
        seen.append(error)
        error = error.__cause__ or error.__context__


def files(folder: Path) -> Iterator[Path]:
    """Yield the YAML files of components below a folder, in order."""
    yield from sorted(folder.rglob(config.FILE))


class Checked(Protocol):
    """A component that checks what its file says."""

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        ...


def check_file(file: Path) -> dg.Component | None:
    """Return the component that a file describes, None where it is another package's, and so Dagster's to check.

    Raises `ConfigurationError` for the first thing that is wrong in it.
    """
    made = _formed(file)
    if made is not None:
        checked: Checked = made
        checked.check(file)
    return cast("dg.Component | None", made)


def _formed(file: Path) -> Any:
    """Return what a file describes, of the right form; what its words mean, the component checks itself as it is built."""
    told = _read(file)
    name = told.get("type", "")
    if not isinstance(name, str):
        raise Place(file, ("type",)).error(f"{name!r} is no name of a component; {_types()}")
    if not name.startswith(_PACKAGE):
        if not name:
            raise ConfigurationError(f"{file}:1: type: it is missing; {_types()}")
        return None
    component = _component(file, name.removeprefix(_PACKAGE))
    attributes = told.get("attributes")
    if not isinstance(attributes, dict):
        raise Place(file, ("attributes",)).error("there are none: what the sync does is written below `attributes:`")
    try:
        return component.model_validate(attributes)
    except ValidationError as error:
        raise_first(Place(file, ("attributes",)), component, error)
        return None


def _read(file: Path) -> dict[str, Any]:
    try:
        nodes, documents = _documents(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: it is no UTF-8: byte {error.start}") from None
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        raise ConfigurationError(
            f"{file}:{at.line + 1 if at else 1}: it is no YAML: {error.problem or error.context}"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file}:1: it is no YAML: {' '.join(str(error).split())}") from None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise ConfigurationError(f"{file}:1: one sync a file: `type:` and `attributes:`")
    _check_keys_once(file, nodes[0])
    return documents[0]


def _documents(text: str) -> tuple[list[yaml.Node], list[Any]]:
    """Return the documents of a text, and the nodes that each is made of."""
    loader = _LOADER(text)
    try:
        nodes: list[yaml.Node] = []
        while loader.check_node():
            nodes.append(loader.get_node())
        return nodes, [loader.construct_document(node) for node in nodes]
    finally:
        loader.dispose()


def _check_keys_once(file: Path, document: yaml.Node) -> None:
    """Of a key that is given twice, YAML takes the last without a word."""
    nodes = [document]
    looked_at: set[int] = set()
    while nodes:
        node = nodes.pop()
        if id(node) in looked_at:
            continue
        looked_at.add(id(node))
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    raise ConfigurationError(f"{file}:{key.start_mark.line + 1}: {key.value}: it is given twice")
                seen.add(key.value)
                nodes.append(value)
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def _component(file: Path, name: str) -> type[BaseModel]:
    found = getattr(components, name, None) if name in components.__all__ else None
    if isinstance(found, type) and issubclass(found, dg.Component) and issubclass(found, BaseModel):
        return found
    told = _NO_LONGER.get(name, _types())
    raise Place(file, ("type",)).error(f"there is no component {name!r}; {told}")


def _types() -> str:
    return f"there are {', '.join(_PACKAGE + name for name in components.__all__)}"
