"""How long pages of the review page take: `python -m asset_sync_tests.bench.review [OPERATIONS]`.

A plan of that many operations (100,000 where none is said), every tenth of them held, is saved in an embedded ledger, and so is
another that was applied. Each page is opened over HTTP by somebody who is signed in: once to warm up, then seven times; the
median and the worst are told, in seconds, with the size of the page.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from asset_sync.access.users import add_user
from asset_sync.components.resources import open_ledger
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.api.serving import serving
from asset_sync_tests.pages.lab import PASSWORD, Visitor

OPERATIONS: Final = 100_000
TIMES: Final = 7
SYNC: Final = "pdq_to_netbox"
_FIELDS: Final = ("name", "serial", "asset_tag", "status", "description")


def plan(size: int, mode: Mode, after: str | None = None) -> Plan:
    """Return a plan of updates and creates of three or five fields each, every tenth of them held."""
    return Plan(SYNC, mode, p.operations_table([_row(number) for number in range(size)]), after)


def _row(number: int) -> tuple[str | None, ...]:
    create = number % 3 == 0
    fields = _FIELDS if number % 2 else _FIELDS[:3]
    told: dict[str, Any] = {
        "kind": "asset",
        "op": p.CREATE if create else p.UPDATE,
        "key": f"DUB-NB{number:06d}",
        "source_key": f"dvc_{number:06d}",
        "target_id": None if create else str(number),
        "changes": p.encode({name: _change(name, number) for name in fields}),
        "reason": "matched by serial",
        "hold": f"serial 'S{number}' is also on dvc_{number + 1:06d}" if number % 10 == 0 else None,
    }
    return tuple(told.get(name) for name in p.OPERATION_COLUMNS)


def _change(name: str, number: int) -> dict[str, Any]:
    return {"old": f"{name} {number}", "new": f"{name} {number + 1}", "owner": "shared", "reason": "the source says otherwise"}


@contextmanager
def reviewed(size: int) -> Iterator[tuple[str, str]]:
    """A service whose ledger has the plans, and the id of the one that waits."""
    with tempfile.TemporaryDirectory(prefix="asset_sync_bench_", ignore_cleanup_errors=True) as folder:
        os.environ["ASSET_SYNC_HOME"] = f"{folder}/home"
        os.environ.pop("DATABASE_URL", None)
        os.chdir(folder)
        Path(folder, "home").mkdir()
        add_user("sue", ["see"], PASSWORD)
        waiting = plan(size, "review", after=_apply(plan(size, "normal")))
        open_ledger().save(waiting, "the run that made it", datetime.now(UTC))
        with serving("a-token") as server:
            yield server.url, waiting.id


def _apply(made: Plan) -> str:
    ledger, now = open_ledger(), datetime.now(UTC)
    ledger.save(made, "a run", now)
    ledger.save_guards(made.id, [])
    ledger.start(made.id, "a run", now)
    seqs = made.writes.index.tolist()
    ledger.record(made, [Outcome(seq, "applied", None, str(seq)) for seq in seqs], "a run", now)
    ledger.finish(made.id, datetime.now(UTC))
    return made.id


def paths(plan_id: str, size: int) -> dict[str, str]:
    """Return the pages that are measured, by what they are."""
    of_plan = f"plans/{plan_id}"
    return {
        "the inbox": "",
        "the plan": of_plan,
        "its second page": f"{of_plan}?page=2",
        "its last page": f"{of_plan}?page={size // 50}",
        "filtered by operation": f"{of_plan}?op=create",
        "filtered by field": f"{of_plan}?field=description",
        "what is held": f"{of_plan}?held=yes",
        "a text, seldom": f"{of_plan}?text=NB000321",
        "a text, nowhere": f"{of_plan}?text=nowhere",
        "held records": "held",
        "their second page": "held?page=2",
        "changes": "changes",
        "their last page": f"changes?page={size * 37 // 500}",
        "changes of a field": "changes?field=serial&page=2",
        "changes of a kind": f"changes?sync={SYNC}&kind=asset",
        "plans": "plans",
        "syncs": "syncs",
    }


def seconds(visitor: Visitor, path: str) -> list[float]:
    """Return how long a page took, each time."""
    took = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        visitor.open(path)
        took.append(time.perf_counter() - began)
        assert visitor.status == 200, visitor.words
    return took[1:]


def main() -> None:
    """Measure, and print."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else OPERATIONS
    with reviewed(size) as (service, plan_id):
        sue = Visitor(service)
        sue.sign_in("sue")
        print(f"{size:,} operations; seconds of {TIMES} times\n{'page':24}{'median':>8}{'worst':>8}{'KiB':>8}")
        for what, path in paths(plan_id, size).items():
            took = seconds(sue, path)
            print(f"{what:24}{statistics.median(took):8.3f}{max(took):8.3f}{len(sue.page) / 1024:8.0f}", flush=True)
        sue.client.close()


if __name__ == "__main__":
    main()
