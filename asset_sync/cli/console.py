"""What the command line shows: results on standard output, progress on standard error."""

import getpass
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from asset_sync.cli.signals import in_time
from asset_sync.reconcile.visible import visible

if TYPE_CHECKING:
    # Dagster comes along with it, and not every command runs something.
    from asset_sync.operations.runs import RunReport, Step, Watch

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def printed() -> Console:
    """Return the console for results. A narrow pipe would cut ids, so it is as wide as a history at least."""
    console = Console(highlight=False, markup=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=max(console.width, 200))


@contextmanager
def progress() -> "Iterator[Callable[[str], Watch]]":
    """Show the step that runs, and a line for each that is done. Called with a title, it gives what is to watch a run.

    What runs meanwhile is over within seconds once it is to stop.
    """
    with in_time(), _own_stderr() as stderr, Console(file=stderr, highlight=False, markup=False).status("starting") as status:

        def watching(title: str) -> "Watch":
            status.update(f"{title}: starting")
            began: dict[str, float] = {}

            def watch(step: "Step") -> None:
                if step.state == "started":
                    began[step.name] = time.monotonic()
                if step.state in {"started", "goes on"}:
                    status.update(": ".join(filter(None, (title, step.name, step.told))))
                    return
                status.console.print(_news(title, step, began), soft_wrap=True)

            return watch

        yield watching


def _news(title: str, step: "Step", began: Mapping[str, float]) -> str:
    if step.state == "waiting":
        return f"… {title}: {step.name} {step.told}"
    if step.state == "ended":
        return f"! run {step.name} {step.told}"
    took = time.monotonic() - began.get(step.name, time.monotonic())
    return f"{'✓' if step.state == 'done' else '✗'} {title}: {step.name} ({took:.1f} s)"


@contextmanager
def _own_stderr() -> Iterator[TextIO]:
    """Standard error, by a descriptor of its own: Dagster takes the usual one to capture what a step prints."""
    try:
        own = os.dup(sys.stderr.fileno())
    except OSError:
        # A test's or a notebook's, which is no file.
        yield sys.stderr
        return
    with os.fdopen(own, "w", encoding="utf-8", errors="replace", buffering=1) as stderr:
        yield stderr


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table with these columns; the ones in `right` hold numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def row(*cells: object) -> list[Text]:
    """Return cells as plain text, but for what is text already: what others wrote is no markup, and does nothing."""
    return [cell if isinstance(cell, Text) else Text("" if cell is None else visible(str(cell))) for cell in cells]


def outcome_line(report: "RunReport") -> str:
    """Return in a line what a run wrote."""
    told = ", ".join(f"{count} {name}" for name, count in report.outcomes.items() if count) or "nothing to write"
    requests = f"{report.requests.read} requests read, {report.requests.write} wrote"
    return f"Outcome: {told}; {requests}; {report.seconds} s; run {report.run_id}."


_WHOLE: Final = re.compile("-?[0-9]{1,99}")


class Whole(click.IntRange):
    """A whole number within a range, which is told as what it is: people do not know an "integer range"."""

    def __init__(self, least: int | None = None, most: int | None = None, *, name: str = "whole number") -> None:
        super().__init__(least, most)
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; raises `click.BadParameter` for what is none, or out of the range."""
        # Not what Python takes for one besides: 1_0, or the digits of other scripts.
        if not _WHOLE.fullmatch(str(value)):
            self.fail(f"{value!r} is no {self.name}", param, ctx)
        return super().convert(int(value), param, ctx)


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, and nothing else.")


def by_option(told: str) -> Callable[[Decorated], Decorated]:
    """Give a command the option --by: the name of a person, kept with the decision."""
    return click.option("--by", metavar="NAME", default=login, callback=_person, help=f"{told}; your user name by default.")


def _person(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if not name.strip() or not name.strip().isprintable():
        raise click.BadParameter("it names nobody: give a name, or leave it out for your user name")
    return name.strip()


def login() -> str:
    """Return the name of the user who is logged in; a usage error where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no user has.
        raise click.UsageError("the system does not know your user name: set LOGNAME to it") from None
