"""A plan as files, for people who want all of it: Parquet and a CSV beside it, below ASSET_SYNC_HOME."""

from pathlib import Path

from asset_sync import settings
from asset_sync.reconcile.plan import Plan


def write_plan_files(plan: Plan) -> tuple[Path, Path]:
    """Write the plan's operations to `plans/<id>.parquet` and `plans/<id>.csv`; return the paths."""
    folder = settings.home() / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    parquet, csv = folder / f"{plan.id}.parquet", folder / f"{plan.id}.csv"
    plan.operations.to_parquet(parquet, compression="zstd", index=False)
    plan.operations.to_csv(csv, index=False)
    return parquet, csv
