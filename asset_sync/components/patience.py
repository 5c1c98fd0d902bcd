"""Patience: how a run waits for others, telling for whom, and stops where a person asks for that."""

from collections.abc import Callable
from typing import Final

import dagster as dg

ASKED_EVERY_S: Final = 1.0
"""How long it is until it is looked again."""


def wait_while(
    why: Callable[[], str | None],
    *,
    tell: Callable[[str], None],
    stopped: Callable[[float], bool],
    between: Callable[[], object] = lambda: None,
) -> bool:
    """Wait as long as `why` says in a line what for, and tell whether that was so; `tell` hears each line once.

    `stopped` waits so many seconds and tells whether a person asked the run to stop: then raises
    `DagsterExecutionInterruptedError`. `between` is done before it is looked again.
    """
    said = None
    while told := why():
        if told != said:
            tell(told)
            said = told
        if stopped(ASKED_EVERY_S):
            raise dg.DagsterExecutionInterruptedError
        between()
    return said is not None
