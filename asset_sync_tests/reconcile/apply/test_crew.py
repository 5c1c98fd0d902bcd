"""Batches: none larger than the target takes, and none left over for one worker while the others have nothing to do."""

import pytest

from asset_sync.reconcile.apply.crew import in_even_batches
from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.target import Write


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (99, [99]),
        (300, [100, 100, 100]),
        (400, [100] * 4),
        (401, [51] * 7 + [44]),
        (500, [63] * 7 + [59]),
        (2_000, [100] * 20),
        (1_000, [100] * 10),
        (1_950, [100] * 19 + [50]),
    ],
)
def test_no_batch_is_left_over_for_a_single_worker(count: int, sizes: list[int]) -> None:
    operations = [Operation(Write(seq, str(seq), None, None, {}), {}) for seq in range(count)]
    batches = in_even_batches(operations, 100, 4)
    assert [len(batch) for batch in batches] == sizes
    assert [operation.write.seq for batch in batches for operation in batch] == list(range(count))
