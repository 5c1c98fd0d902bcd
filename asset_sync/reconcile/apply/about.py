"""Whether what stands under an object's id by now is still the object that a plan was made about."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import pandas as pd

from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.identity import ChangedObjects, as_links, changed_objects, telling
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.tables import Positions, index, text

About = Mapping[str, Any]
"""What made an object that object: `created`, and `values` by field."""


def other_objects(kind: Kind, operations: Sequence[Operation], now: pd.DataFrame) -> dict[int, str]:
    """Return, by row number, why the object under an operation's id (in an observed table) is another one than it was.

    It may stand as it was before the write, or as it is after it. What is gone, or was never told of, is not judged.
    """
    told = [operation for operation in operations if operation.about is not None]
    ids = pd.Series([operation.write.target_id for operation in told], dtype="str")
    found = index(text(ids), text(now["id"]))
    told = [operation for operation, at in zip(told, found.tolist(), strict=True) if at >= 0]
    if not told:
        return {}
    before = [orjson.loads(str(operation.about)) for operation in told]
    after = [_after(kind, about, operation) for about, operation in zip(before, told, strict=True)]
    as_it_was, as_it_is_then = (_changed(kind, about, now, found[found >= 0]) for about in (before, after))
    changed = np.flatnonzero(as_it_was.changed & as_it_is_then.changed)
    return {told[at].write.seq: as_it_was.words[at].as_py() for at in changed.tolist()}


def _after(kind: Kind, about: About, operation: Operation) -> About:
    written = operation.write.values
    return {**about, "values": {**about["values"], **{name: written[name] for name in telling(kind) if name in written}}}


def _changed(kind: Kind, about: Sequence[About], now: pd.DataFrame, objects: Positions) -> ChangedObjects:
    links = as_links(kind, about)
    return changed_objects(kind, links, now, np.arange(len(about)), objects, strictly=True, meant="what the plan saw")
