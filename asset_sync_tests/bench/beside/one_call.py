"""(a) One call an object, as the first version of this sync did: look up the maker, the type and the asset, then write it."""

import os

import pynetbox

from asset_sync_tests.bench.beside.wanted import Wanted, slug, wanted


def main() -> None:
    """Bring NetBox into step with PDQ Connect."""
    api = pynetbox.api(os.environ["NETBOX_URL"], token=os.environ["NETBOX_TOKEN"])
    for one in wanted():
        _put(api, one)


def _put(api: pynetbox.api, one: Wanted) -> None:
    makers, types, assets = api.dcim.manufacturers, api.plugins.inventory.inventory_item_types, api.plugins.inventory.assets
    maker = makers.get(name=one.maker) or makers.create(name=one.maker, slug=slug(one.maker))
    of = types.get(manufacturer_id=maker.id, model=one.model) or types.create(
        manufacturer=maker.id, model=one.model, slug=slug(one.model)
    )
    asset = assets.get(serial=one.serial)
    if asset is None:
        assets.create(one.created(of.id))
    else:
        asset.update({"inventoryitem_type": of.id, **one.values})  # asks NetBox for nothing where nothing differs


if __name__ == "__main__":
    main()
