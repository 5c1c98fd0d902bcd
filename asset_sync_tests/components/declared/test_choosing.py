"""What a person asks the source for in one run."""

import pytest

from asset_sync.components.declared.choosing import check_only
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems import system


@pytest.mark.parametrize("values", [[], [""], ["switch", " "]])
def test_to_name_nothing_is_not_to_ask_for_everything(values: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="only roles: nothing is named"):
        check_only(system("netbox"), {"roles": values})


def test_what_is_named_is_taken() -> None:
    check_only(system("netbox"), {"roles": ["switch"], "ids": ["17"]})
