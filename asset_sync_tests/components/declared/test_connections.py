"""What a YAML says of a connection, in the resource that reaches the system."""

import pytest

from asset_sync.components.declared.ends import ConnectionConfig
from asset_sync.systems.netbox.system import NETBOX
from asset_sync.systems.snipeit.system import SNIPEIT
from asset_sync.systems.system import System
from asset_sync.systems.wug.system import WUG


@pytest.mark.parametrize(("of", "usual"), [(NETBOX, 120), (SNIPEIT, 60), (WUG, 120)])
def test_how_long_an_answer_is_waited_for_is_a_setting(of: System, usual: float) -> None:
    assert vars(ConnectionConfig(name="berlin").resource(of))["read_timeout"] == usual
    slow = ConnectionConfig(read_timeout=300)
    assert vars(slow.resource(of))["read_timeout"] == 300
    assert slow.key(of) == f"{of.resource}_own"
    assert slow.pool(of) == of.pool


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        ConnectionConfig(read_timeout=0)
