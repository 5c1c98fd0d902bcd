"""PDQ Connect, declared."""

from typing import Final

from dagster import get_dagster_logger

from asset_sync.systems.pdq.checkup import checkup
from asset_sync.systems.pdq.reading import NAME, PdqConnect, devices
from asset_sync.systems.pdq.tables import TABLES
from asset_sync.systems.system import Read, System


def _read(pdq: PdqConnect, _table: str, _open_columns: tuple[str, ...]) -> Read:
    with pdq.client() as client:
        return Read(devices(client, get_dagster_logger().warning), client.tally.read, client.tally.waited)


PDQ: Final = System("pdq", NAME, "pdq_connect", PdqConnect, TABLES, _read, pool="pdq", checkup=checkup)
