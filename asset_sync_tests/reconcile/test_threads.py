"""Columns side by side: in the order in which they were asked for, whoever asks."""

import os
import subprocess
import sys
from functools import partial

from asset_sync.reconcile.threads import side_by_side

MANY = 1_000_000


def doubled(number: int) -> int:
    return 2 * number


def nested(number: int) -> list[int]:
    return side_by_side(MANY, [partial(doubled, number), partial(doubled, number + 1)])


def test_the_results_are_in_the_order_of_the_work() -> None:
    assert side_by_side(MANY, [partial(doubled, n) for n in range(40)]) == list(range(0, 80, 2))


def test_work_may_be_parted_again_by_every_thread_at_once() -> None:
    parts = 4 * (os.cpu_count() or 1)
    assert side_by_side(MANY, [partial(nested, n) for n in range(parts)]) == [[2 * n, 2 * n + 2] for n in range(parts)]


FORKED = """
import os
from asset_sync_tests.reconcile.test_threads import nested
nested(1)
child = os.fork()
if child == 0:
    os._exit(nested(1) != [2, 4])
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_process_that_was_forked_has_threads_of_its_own() -> None:
    subprocess.run([sys.executable, "-c", FORKED], check=True, timeout=60)
