"""The command line `asset-sync`: the group of all commands, and how an error reaches a person."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import dagster as dg
from dotenv import load_dotenv

from asset_sync import database, settings
from asset_sync.cli import signals
from asset_sync.cli.check import check
from asset_sync.cli.collect import collect
from asset_sync.cli.connections import connections
from asset_sync.cli.demo import demo
from asset_sync.cli.dev import dev
from asset_sync.cli.fabrics import fabrics
from asset_sync.cli.forget import forget
from asset_sync.cli.holds import held, resolve
from asset_sync.cli.plans import apply, approve, history, missing, plans, reject, show, undo
from asset_sync.cli.reconnect import reconnect
from asset_sync.cli.run import rebase, run
from asset_sync.cli.sandbox import sandbox
from asset_sync.cli.serve import serve
from asset_sync.reconcile.errors import AssetSyncError

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 128}


class _Program(click.Group):
    """A group whose errors are one line on standard error, without a traceback."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> None:  # type: ignore[override]
        """Run a command, and leave with its exit status."""
        extra["standalone_mode"] = False
        try:
            with signals.as_interrupts():
                status = super().main(args, prog_name or "asset-sync", **extra)
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else "asset-sync"
            _leave(f"{error.format_message()} (see: {where} --help)", error.exit_code)
        except click.ClickException as error:
            _leave(error.format_message(), error.exit_code)
        except AssetSyncError as error:
            _leave(str(error), 1)
        except dg.Failure as error:
            _leave(error.description or "failed", 1)
        except database.ERRORS as error:
            _leave(database.in_one_line(error), 1)
        except UnicodeEncodeError as error:
            _leave(f"{error.object!r} is no text", 2)
        except OSError as error:
            _leave(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""), 1)
        except (click.Abort, KeyboardInterrupt):
            _leave("stopped", signals.STOPPED)
        # Without a code of its own, `ctx.exit` gives what the command returned.
        sys.exit(status if isinstance(status, int) else 0)


def _leave(message: str, status: int) -> None:
    click.echo(f"asset-sync: {' '.join(message.split())}", err=True)
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


_COMMANDS = (
    *(demo, dev, sandbox, run, rebase, plans, show, approve, reject, apply, undo),
    *(held, resolve, history, missing, connections, fabrics, reconnect, check, collect, forget, serve),
)
for command in _COMMANDS:
    main.add_command(command)
