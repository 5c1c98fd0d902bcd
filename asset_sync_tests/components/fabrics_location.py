"""A code location that a real daemon loads: connections that do next to nothing, and note when they begin and end.

FABRICS_FOLDER holds what they note (a file a connection) and `NAME.down` while the API of one is down. FABRICS has the
intervals in seconds by name, as JSON.
"""

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.components.due import ScheduledConnection
from asset_sync.components.leasing import abandoned_runs, leased_executor
from asset_sync.components.scheduling import due_sensor

SYNC = "fabrics"
INTERVALS: dict[str, int] = json.loads(os.environ.get("FABRICS", "{}"))
FOLDER = Path(os.environ.get("FABRICS_FOLDER", "."))
WORK_S = 0.3


@dg.op(name=f"{SYNC}__plan")
def plan(context: dg.OpExecutionContext) -> None:
    """Note beginning and end; fail while the API is down, and take very long while it is to hang."""
    name = context.partition_key
    note(name, f"begin {context.run.run_id} {os.getpid()}")
    if (FOLDER / f"{name}.down").exists():
        note(name, f"end {context.run.run_id}")
        raise dg.Failure("the API does not answer")
    time.sleep(300 if (FOLDER / f"{name}.hangs").exists() else WORK_S)
    note(name, f"end {context.run.run_id}")


def note(name: str, words: str) -> None:
    with (FOLDER / f"{name}.log").open("a") as file:
        file.write(f"{time.time()} {words}\n")


@dg.job(
    name=SYNC,
    executor_def=leased_executor,
    tags={run_tags.SYNC: SYNC, run_tags.CONNECTIONS: "true"},
    partitions_def=dg.StaticPartitionsDefinition(list(INTERVALS) or ["none"]),
)
def fabrics() -> None:
    """Have one step."""
    plan()


CONNECTIONS = [ScheduledConnection(name, timedelta(seconds=s), enabled=True, variables=[]) for name, s in INTERVALS.items()]
defs = dg.Definitions(jobs=[fabrics], sensors=[due_sensor(SYNC, CONNECTIONS), abandoned_runs])
