"""The command line `asset-sync`: the group of all commands, and how an error reaches a person."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem
from dotenv import load_dotenv

from asset_sync import settings
from asset_sync.cli import completing, signals
from asset_sync.cli.commands import ENTRIES, MAP
from asset_sync.reconcile.errors import AssetSyncError
from asset_sync.reconcile.visible import visible

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 128}


class _Program(click.Group):
    """A group that imports the command that is asked for alone, and whose errors are one line, without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        """Return the names of the commands as the map has them."""
        return list(ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now; None where there is none of that name. A shell is given one that only completes."""
        entry = ENTRIES.get(cmd_name)
        if entry is None:
            return None
        if ctx.resilient_parsing and entry.takes and not completing.asks_for_an_option():
            return completing.stand_in(entry.name, entry.takes)
        command: click.Command = getattr(import_module(f"asset_sync.cli.{entry.module}"), entry.name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin so, without importing a command."""
        found = [CompletionItem(name, help=entry.does) for name, entry in ENTRIES.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as click calls it
        """Write the map, without importing what is on it."""
        for section, entries in MAP.items():
            with formatter.section(section):
                formatter.write_dl([(entry.name, entry.does) for entry in entries], col_max=12)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> None:  # type: ignore[override]
        """Run a command, and leave with its exit status."""
        extra["standalone_mode"] = False
        try:
            with signals.as_interrupts():
                status = super().main(args, prog_name or "asset-sync", **extra)
        except (click.Abort, KeyboardInterrupt):
            _leave("stopped", signals.STOPPED)
        except Exception as error:
            told = _told(error)
            if told is None:
                raise
            _leave(*told)
        # Without a code of its own, `ctx.exit` gives what the command returned.
        sys.exit(status if isinstance(status, int) else 0)


def _told(error: Exception) -> tuple[str, int] | None:
    """Return an error in words, with the exit status; None for one that nobody foresaw."""
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "asset-sync"
        return f"{_wrong(error)} (see: {where} --help)", error.exit_code
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, AssetSyncError):
        return str(error), 1
    if isinstance(error, UnicodeEncodeError):
        return f"{error.object!r} is no text", 2
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""), 1
    return _told_by_libraries(error)


def _wrong(error: click.UsageError) -> str:
    """Return what is wrong with a command; of a group without one, where click has its whole help, what there is."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx and isinstance(error.ctx.command, click.Group):
        return f"Missing command: {', '.join(error.ctx.command.list_commands(error.ctx))}."
    return error.format_message()


def _told_by_libraries(error: Exception) -> tuple[str, int] | None:
    # What raised it has been imported; what has not, is not to be before anybody asks for it.
    import dagster as dg  # noqa: PLC0415

    from asset_sync import database  # noqa: PLC0415

    if isinstance(error, dg.Failure):
        return error.description or "failed", 1
    if isinstance(error, database.ERRORS):
        return database.in_one_line(error), 1
    return None


def _leave(message: str, status: int) -> None:
    click.echo(f"asset-sync: {visible(' '.join(message.split()))}", err=True)
    sys.exit(status)


@click.group("asset-sync", cls=_Program, invoke_without_command=True, context_settings=_SETTINGS)
@click.version_option(package_name="asset-sync", message="%(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Keep IT inventory systems in step: reviewed plans, applied exactly, undone when asked.

    Start with: asset-sync demo
    """
    root = settings.project_root()
    # What a command is given counts from where the user is.
    context.obj = Path.cwd()
    # The paths in the project's dagster.yaml count from the folder that a process runs in, and those in .env from ${PWD}.
    os.chdir(root)
    os.environ["PWD"] = str(root)
    load_dotenv(root / ".env")
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
