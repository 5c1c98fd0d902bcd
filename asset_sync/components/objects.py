"""What targets hold, as assets that no run makes: downstream of every sync that writes them, upstream of every one that reads.

So one picture shows the way of a value, from the source of one sync to the target of another.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import dagster as dg

WRITES: Final = "asset_sync/writes"
"""The metadata of an asset that writes to a target: its fields, by kind."""


def objects_key(system: str, kind: str) -> dg.AssetKey:
    """Return the key of the objects of a kind in a system, which is named by the key of its resource."""
    return dg.AssetKey([system, kind])


def objects(assets: Iterable[Any]) -> list[dg.AssetSpec]:
    """Return the assets that stand for what those write to: one for each kind of a system.

    Dagster draws no circle, nor anything beside one: of syncs that go both ways between two systems, the one that comes first
    by its name has what it writes below it, and the other one has not.
    """
    specs = list(_specs(assets))
    above = {spec.key: {dep.asset_key for dep in spec.deps} for spec in specs}
    writers: dict[dg.AssetKey, dict[dg.AssetKey, list[str]]] = defaultdict(dict)
    for spec in sorted(specs, key=lambda each: each.key):
        target, fields = spec.metadata.get(WRITES, ("", {}))
        for kind, names in fields.items():
            key = objects_key(target, kind)
            if not _is_above(key, spec.key, above):
                writers[key][spec.key] = names
                above.setdefault(key, set()).add(spec.key)
    return [_objects(key, by) for key, by in writers.items()]


def _is_above(key: dg.AssetKey, other: dg.AssetKey, above: Mapping[dg.AssetKey, set[dg.AssetKey]]) -> bool:
    """Tell whether an asset is the other one, or upstream of it."""
    seen: set[dg.AssetKey] = set()
    near = {other}
    while near:
        seen |= near
        near = {parent for each in near for parent in above.get(each, ())} - seen
    return key in seen


def _specs(assets: Iterable[Any]) -> Iterator[dg.AssetSpec]:
    for each in assets:
        if isinstance(each, dg.AssetSpec):
            yield each
        elif isinstance(each, dg.AssetsDefinition):
            yield from each.specs


def _objects(key: dg.AssetKey, writers: dict[dg.AssetKey, list[str]]) -> dg.AssetSpec:
    system, kind = key.path
    deps: dict[str, list[dg.TableColumnDep]] = defaultdict(list)
    for writer, names in writers.items():
        for name in names:
            deps[name].append(dg.TableColumnDep(asset_key=writer, column_name=f"{kind}.{name}"))
    by = ", ".join(writer.path[0] for writer in writers)
    return dg.AssetSpec(
        key,
        deps=list(writers),
        group_name=system,
        kinds={system},
        description=f"The objects of the kind {kind} in {system}, as they are there; written by {by}.",
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=[dg.TableColumn(name) for name in deps]),
            "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=dict(deps)),
        },
    )
