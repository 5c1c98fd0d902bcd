"""Completion in a shell: names of syncs and plans, found without importing what a command needs to run.

click asks for it in a process of its own at each press of the key: what takes seconds would be of no use there.
"""

import os
from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem
from dotenv import load_dotenv

import asset_sync
from asset_sync import settings
from asset_sync.cli.commands import Takes

_FILE: Final = "defs.yaml"
_ALERTS: Final = "type: asset_sync.components.Alerts"
"""What stands in the one file that is of no sync."""
_PLANS: Final = 30


def stand_in(name: str, takes: Takes) -> click.Command:
    """Return a command that completes as the one of that name does, as long as no option is asked for."""
    return click.Command(name, params=[click.Argument(["named"], nargs=-1, shell_complete=_COMPLETE[takes])])


def asks_for_an_option() -> bool:
    """Tell whether there is an option among the words that are to be completed: those only the command itself knows."""
    return any(word.startswith("-") for word in os.environ.get("COMP_WORDS", "").split())


def _syncs(_context: click.Context, _argument: click.Parameter, incomplete: str) -> list[CompletionItem]:
    folder = Path(str(asset_sync.__file__)).parent / "defs"
    names = sorted(file.parent.name for file in folder.rglob(_FILE) if _ALERTS not in file.read_text(encoding="utf-8"))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _plans(_context: click.Context, _argument: click.Parameter, incomplete: str) -> list[CompletionItem]:
    load_dotenv(settings.project_root() / ".env")
    try:
        return [CompletionItem(plan, help=sync) for plan, sync in _last_plans(incomplete)]
    except Exception:  # noqa: BLE001
        # A shell shows what it is told as a completion: what is wrong, the command itself says.
        return []


def _last_plans(begins: str) -> list[tuple[str, str]]:
    from sqlalchemy import text  # noqa: PLC0415 - only plans need it

    from asset_sync import database  # noqa: PLC0415 - as above

    if not database.is_running():
        return []
    made = text("SELECT id, sync FROM asset_sync.plan WHERE starts_with(id, :begins) ORDER BY created_at DESC LIMIT :most")
    with database.engine().connect() as connection:
        return [(row.id, row.sync) for row in connection.execute(made, {"begins": begins, "most": _PLANS})]


_COMPLETE: Final = {"sync": _syncs, "plan": _plans}
