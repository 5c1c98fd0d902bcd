"""What a sync asks the ledger for."""

from dataclasses import replace

from sqlalchemy import Engine

from asset_sync.ledger import Ledger
from asset_sync.operations.definitions import declared
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Policy


def test_of_fields_that_the_source_may_empty_the_links_say_whether_it_did(engine: Engine) -> None:
    sync = declared("pdq_to_netbox")
    owners = {
        "asset": {
            "name": Ownership("shared"),
            "description": Ownership("shared", clears=True),
            "serial": Ownership("source", clears=True),
            "status": Ownership("source", clears=True),
        }
    }
    clearing = replace(sync, policy=Policy(owners))
    links = clearing.known_links(Ledger(engine))
    assert {name for name in map(str, links["asset"]) if name.startswith("emptied:")} == {
        "emptied:description",
        "emptied:status",
    }
    assert {name for name in map(str, sync.known_links(Ledger(engine))["asset"]) if name.startswith("emptied:")} == set()
