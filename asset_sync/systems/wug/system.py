"""WhatsUp Gold, declared."""

from typing import Final

from asset_sync.systems.system import System
from asset_sync.systems.wug.resource import WhatsUpGold
from asset_sync.systems.wug.tables import TABLES

WUG: Final = System("wug", "WhatsUp Gold", "wug", WhatsUpGold, TABLES)
