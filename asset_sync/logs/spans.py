"""The spans of runs and steps, by the lines that tell of them."""

from asset_sync import traces
from asset_sync.logs.lines import Line
from asset_sync.logs.masking import masked


def follow(line: Line) -> None:
    """Begin or end a span where a line tells of a run or a step."""
    if line.event is None or not traces.wanted():
        return
    step = line.step if line.event.startswith("step") else ""
    if line.event.endswith("started"):
        about = {"asset_sync.run_id": line.run_id, "asset_sync.sync": line.sync, "asset_sync.partition": line.partition}
        traces.began(line.run_id, step, step or line.sync, line.at, {name: value for name, value in about.items() if value})
    else:
        error = None if line.succeeded else str(masked("; ".join(line.errors) or line.said))
        traces.ended(line.run_id, step, line.at, error)
