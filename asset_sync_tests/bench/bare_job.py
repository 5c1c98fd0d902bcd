"""A job of Dagster as long as a sync's, which does nothing: six steps, a row held to a schema in each, nine checks.

It imports the libraries that a sync imports, for no sync is without them.

    python -m asset_sync_tests.bench.bare_job       # as `asset-sync run` does it: in this process
    dagster job execute -m asset_sync_tests.bench.bare_job -j bare
"""

from collections.abc import Iterator

import dagster as dg
import pandas as pd
import pandera.pandas as pandera
import psycopg
import pynetbox
import sqlalchemy

_LIBRARIES = (psycopg, pynetbox, sqlalchemy)
_TABLE = pandera.DataFrameSchema({"id": pandera.Column("int64")})


def _asset(name: str, reads: list[str], checks: int) -> dg.AssetsDefinition:
    names = [f"{name}_{number}" for number in range(checks)]

    @dg.asset(name=name, deps=reads, check_specs=[dg.AssetCheckSpec(each, asset=name) for each in names])
    def nothing() -> Iterator[dg.MaterializeResult[None]]:
        _TABLE.validate(pd.DataFrame({"id": [1]}))
        yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name=each, passed=True) for each in names])

    return nothing


_STEPS = {
    "inventory": ([], 0),
    "rows": ([], 0),
    "desired": (["rows"], 0),
    "match": (["desired", "inventory"], 0),
    "plan": (["match"], 6),
    "applied": (["plan"], 3),
}
defs = dg.Definitions(
    assets=[_asset(name, reads, checks) for name, (reads, checks) in _STEPS.items()],
    jobs=[dg.define_asset_job("bare", selection=dg.AssetSelection.all())],
    executor=dg.in_process_executor,
)

if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        assert defs.resolve_job_def("bare").execute_in_process(instance=instance).success
