"""Examples of a sync's YAML, with every key that there is: made from what components and systems declare of themselves."""

import textwrap
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from asset_sync import components
from asset_sync.components import SyncComponent
from asset_sync.components.config import FILE
from asset_sync.components.declared.ends import Side
from asset_sync.components.declared.mapping import FieldConfig
from asset_sync.operations.definitions import DEFS, sync_names
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems import SYSTEMS, system
from asset_sync.systems.system import Options, System

_PACKAGE: Final = "asset_sync.components"
_WIDTH: Final = 124
_TARGET: Final = "netbox"
_SOURCE: Final = "pdq"
_NAMED: Final = ("name", "hostname", "title")
"""What the column of a table is called that names its rows."""
_OPTIONS: Final[Mapping[str, Side]] = {"source_options": "source", "target_options": "target"}


def example(name: str) -> str:
    """Return a YAML with every key, its default, and what it means; it passes `asset-sync check`.

    `name` is a sync, whose own YAML it is, with the keys that it does not say as comments; or a system or its resource: a small
    sync of it, reached by a connection where there may be several. Raises `ConfigurationError` where there is neither.
    """
    if name in sync_names():
        told = yaml.safe_load((DEFS / name / FILE).read_text(encoding="utf-8"))
        component = getattr(components, str(told["type"]).rpartition(".")[2])
        return "\n".join(_file(component, told["attributes"], f"The sync {name}, with every key that there is.")) + "\n"
    found = next((each for each in SYSTEMS if name in (each, system(each).resource)), None)
    if found is None:
        there = ", ".join([*sync_names(), *SYSTEMS])
        raise ConfigurationError(f"there is no sync or system {name!r}; there are {there}")
    return "\n".join(_of_system(system(found))) + "\n"


def _of_system(of: System) -> Iterator[str]:
    """Yield a small sync: from the system, or to it where it is the usual target."""
    source, target = (_SOURCE, of.name) if of.name == _TARGET else (of.name, _TARGET)
    side: Side = "target" if of.name == _TARGET else "source"
    table, column = _naming(system(source))
    given: dict[str, Any] = {
        "source": source,
        "target": target,
        "tables": {"manufacturer": table},
        "mapping": {"manufacturer": {"name": {"from": column, "owner": "source"}, "slug": {}}},
    }
    if of.named:
        given |= {"connections": [{"name": "main"}], "connections_of": side}
    yield from _file(SyncComponent, given, f"A sync with {of.title}.{_variables(of)}")


def _naming(of: System) -> tuple[str, str]:
    """Return a table of a system, and the column that names its rows."""
    for table in of.tables.values():
        for column in _NAMED:
            if table.column(column) is not None:
                return table.name, column
    table = of.tables[of.main]
    return table.name, table.key


def _variables(of: System) -> str:
    resource: Any = of.make(connection="main") if of.named else of.make()
    names = list(resource.required_variables()) if hasattr(resource, "required_variables") else []
    return f" It is reached by the variables {', '.join(names)}." if names else ""


# A file.


def _file(component: type[BaseModel], given: Mapping[str, Any], title: str) -> Iterator[str]:
    yield from _comment(title, 0)
    yield from _comment("What stands behind # is the default: take the # away to say otherwise.", 0)
    yield f"type: {_PACKAGE}.{component.__name__}"
    yield ""
    yield "attributes:"
    yield from _keys(component, given, 2)


def _keys(model: type[BaseModel], given: Mapping[str, Any], indent: int) -> Iterator[str]:
    """Yield every key of a model: what is given as it is, the others as comments with their defaults."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        if indent == 2:
            yield ""
        yield from _comment(field.description or "", indent)
        form = _form(key, field, given)
        if key == "mapping":
            yield from _comment("Of each field:", indent)
            yield from _described(FieldConfig, indent, "  ")
            yield from _dumped({key: given[key]}, indent)
        elif key not in given:
            yield from _absent(key, field, form, indent)
        elif form is not None and isinstance(given[key], Mapping):
            yield f"{' ' * indent}{key}:"
            yield from _keys(form, given[key], indent + 2)
        elif form is not None and isinstance(given[key], list):
            yield f"{' ' * indent}{key}:"
            for item in given[key]:
                yield from _item(form, item, indent + 2)
        else:
            yield from _dumped({key: given[key]}, indent)


def _item(form: type[BaseModel], item: Mapping[str, Any], indent: int) -> Iterator[str]:
    """Yield an item of a list: what is given, then the other keys as comments."""
    first, *rest = _dumped(item, 0)
    yield f"{' ' * indent}- {first}"
    yield from (f"{' ' * (indent + 2)}{line}" for line in rest)
    for name, field in form.model_fields.items():
        key = field.alias or name
        if key not in item:
            yield from _comment(field.description or "", indent + 2)
            yield from _absent(key, field, None, indent + 2)


def _absent(key: str, field: FieldInfo, form: type[BaseModel] | None, indent: int) -> Iterator[str]:
    """Yield a key that is not given, as a comment: with its default, or with those of the keys below it."""
    if form is None or not form.model_fields:
        default = None if field.is_required() else _plain(field.get_default(call_default_factory=True))
        yield from (f"{' ' * indent}# {line}" for line in _dumped({key: default}, 0))
        return
    yield f"{' ' * indent}# {key}:"
    yield from _described(form, indent, "  ")


def _described(form: type[BaseModel], indent: int, deeper: str = "") -> Iterator[str]:
    """Yield, as comments, the keys of a model with their defaults, a line each, and what they mean."""
    for name, field in form.model_fields.items():
        default = None if field.is_required() else _plain(field.get_default(call_default_factory=True))
        (line, *_) = _dumped({field.alias or name: default}, 0)
        yield f"{' ' * indent}# {deeper}{line}" + (f"  # {field.description}" if field.description else "")


def _form(key: str, field: FieldInfo, given: Mapping[str, Any]) -> type[BaseModel] | None:
    """Return the model of what stands below a key; None where it is a plain value."""
    if key in _OPTIONS:
        of = system(str(given[_OPTIONS[key]])) if _OPTIONS[key] in given else None
        options: Options | None = getattr(of, f"as_{_OPTIONS[key]}", None)
        return options.form if options else None
    return _model(field.annotation)


def _model(annotation: Any) -> type[BaseModel] | None:
    """Return the model in an annotation: itself, or in an optional one, or a list of it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, Union, UnionType):
        return next((found for part in get_args(annotation) if (found := _model(part))), None)
    return None


def _plain(value: Any) -> Any:
    """Return a default as YAML has it."""
    return value.model_dump(by_alias=True) if isinstance(value, BaseModel) else value


def _dumped(told: Mapping[str, Any], indent: int) -> list[str]:
    """Return keys with their values as YAML: lists and mappings without others in them in one line."""
    how: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": _WIDTH - indent}
    texts = [
        yaml.safe_dump({key: value}, default_flow_style=None if isinstance(value, dict | list) else False, **how)
        for key, value in told.items()
    ]
    return [" " * indent + line for text in texts for line in text.splitlines()]


def _comment(words: str, indent: int) -> list[str]:
    return [f"{' ' * indent}# {line}" for line in textwrap.wrap(words, _WIDTH - indent)]
