"""The plan in words: Markdown for people who review it, at most a few hundred rows; the rest is in the plan's files."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.visible import visible

Objects = Mapping[str, tuple[str | None, str]]
"""The objects that stand for the main table's rows, by these rows' keys: their names and ids, as far as they are known."""


class Report(Protocol):
    """Tells a plan as Markdown: `files` hold all of it, `note` is what has to be known before, at most `most` rows are told."""

    def __call__(
        self, plan: Plan, *, files: Iterable[str] = (), note: str | None = None, most: int = ..., objects: Objects = ...
    ) -> str:
        """Return the report; `objects` are those that the plan may be about."""
        ...


MOST_ROWS = 300
NO_OBJECTS: Final[Objects] = MappingProxyType({})
_BOTH_SIDES = "changed on both sides"
_NAMED = 5
_HEAD = "| object | field | old | new | reason |"
_OPS = (p.CREATE, p.UPDATE, p.RETIRE, p.RESTORE)
_DONE = {p.CREATE: "created", p.UPDATE: "updated", p.RETIRE: "retired", p.RESTORE: "restored"}


def headline(plan: Plan) -> str:
    """Return the plan in one line, as Terraform words it."""
    counts = plan.counts
    left = len(plan.left)
    held = len(plan.held) - left
    waiting = (f" {held} held." if held else "") + (f" {left} wait for approval." if left else "")
    if not any(counts.values()) and left:
        return f"Nothing to do without approval.{waiting}"
    if not any(counts.values()):
        linked = len(plan.linked)
        told = f" {linked} only to be linked or remembered." if linked else ""
        return f"No changes: nothing is to be written to the target.{told}{waiting}"
    told = ", ".join(f"{count} to {op}" for op, count in counts.items() if count)
    return f"Plan {plan.id}: {told}.{waiting}"


def conflicts(plan: Plan) -> str | None:
    """Return in one line which fields both sides changed, and how that ends; None where there are none."""
    rows = [row for row in p.records(plan.held) if (row["hold"] or "").startswith(_BOTH_SIDES)]
    if not rows:
        return None
    named = [f"{row['kind']} {row['key']} ({', '.join(p.decode(row['changes']))})" for row in rows[:_NAMED]]
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return f"Both sides changed {', '.join(named)}{more}: asset-sync resolve keep-target, or take-source, ends it"


def markdown(
    plan: Plan,
    *,
    files: Iterable[str] = (),
    note: str | None = None,
    most: int = MOST_ROWS,
    objects: Objects = NO_OBJECTS,  # noqa: ARG001 - what others tell by
) -> str:
    """Return the plan grouped by kind and operation, old → new with reasons, then what is held; `files` hold all of it.

    `note` is what has to be known before the plan is read.
    """
    writes, held = p.records(plan.writes), p.records(plan.held)
    room = _Room(most)
    lines = [
        f"# {headline(plan)}",
        "",
        f"Sync `{plan.sync}`, mode `{plan.mode}`" + (f", undoes `{plan.undoes}`" if plan.undoes else ""),
        *(["", f"**{escaped(note)}**"] if note else []),
    ]
    for kind in dict.fromkeys(row["kind"] for row in writes):
        for op in _OPS:
            rows = _by_object(row for row in writes if row["kind"] == kind and row["op"] == op)
            lines += _section(f"{kind}: {len(rows)} to be {_DONE[op]}", rows, room)
    lines += _section(f"held: {len(held)}", held, room)
    if room.left_out:
        lines += ["", f"{room.left_out} more rows are not shown here."]
    where = [f"- {file}" for file in files]
    return "\n".join([*lines, *(["", "All rows:", *where] if where else []), ""])


def _by_object(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each object, with the changes of all its parts."""
    found: dict[tuple[str | None, ...], dict[str, Any]] = {}
    for row in rows:
        where = (row["key"], row["source_key"], row["target_id"])
        other = found.setdefault(where, row)
        if other is not row:
            found[where] = row | {"changes": p.encode(p.decode(other["changes"]) | p.decode(row["changes"]))}
    return list(found.values())


class _Room:
    """How many rows the report still takes."""

    def __init__(self, most: int) -> None:
        self.left = most
        self.left_out = 0

    def take(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        fitting = rows[: self.left]
        self.left -= len(fitting)
        self.left_out += len(rows) - len(fitting)
        return fitting


def _section(title: str, rows: list[dict[str, Any]], room: _Room) -> list[str]:
    if not rows:
        return []
    fitting = room.take(rows)
    table = [_HEAD, "|---|---|---|---|---|", *(line for row in fitting for line in _lines(row))] if fitting else []
    return ["", f"## {title}", "", *table]


def _lines(row: dict[str, Any]) -> Iterator[str]:
    """Yield a line of the table for each change of an object; where this is read, a cell has no second line."""
    named = escaped(row["key"] or "?") + (f" (#{row['target_id']})" if row["target_id"] else "")
    why = escaped(row["hold"] or row["reason"])
    for field, old, new in changes(row) or [(row["op"], "", "")]:
        yield f"| {named} | {field} | {old} | {new} | {why} |"
        named = why = ""


def changes(row: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the fields that an operation changes, each with its old and its new value; an object that is made had none."""
    is_new = row["op"] == p.CREATE
    return [
        (cell(name), "" if is_new else shown(c.get("old")), shown(c["new"])) for name, c in p.decode(row["changes"]).items()
    ]


def shown(value: Any) -> str:
    """Return a field's value as one cell of a table, as code."""
    return "(empty)" if value is None else f"`{cell(named(value))}`"


def named(value: Any) -> str:
    """Return a value that is not empty in words: a reference by its key, of a set the keys of all, parted by commas."""
    if isinstance(value, list):
        return ", ".join(map(named, value))
    return str(value["key"] or f"#{value['id']}") if isinstance(value, dict) else str(value)


def cell(value: object) -> str:
    """Return a value as one cell of a table, where it stands as code."""
    return visible(" ".join(str(value).splitlines())).replace("|", "\\|").replace("`", "'")


def escaped(value: object) -> str:
    """Return words as one cell of a table: nothing in them is markup or a link."""
    return cell(re.sub(r"[\\*\[\]]", r"\\\g<0>", html.escape(str(value), quote=False)))
