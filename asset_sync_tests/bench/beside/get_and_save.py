"""(b) Get and save by pynetbox: everything is listed once, then each object that differs is created or saved by itself."""

import os

import pynetbox

from asset_sync_tests.bench.beside.wanted import slug, wanted


def main() -> None:
    """Bring NetBox into step with PDQ Connect."""
    api = pynetbox.api(os.environ["NETBOX_URL"], token=os.environ["NETBOX_TOKEN"])
    plugin = api.plugins.inventory
    makers = {row.name: row.id for row in api.dcim.manufacturers.all()}
    types = {(row.manufacturer.id, row.model): row.id for row in plugin.inventory_item_types.all()}
    assets = {row.serial: row for row in plugin.assets.all()}
    for one in wanted():
        if one.maker not in makers:
            makers[one.maker] = api.dcim.manufacturers.create(name=one.maker, slug=slug(one.maker)).id
        of = (makers[one.maker], one.model)
        if of not in types:
            body = {"manufacturer": of[0], "model": one.model, "slug": slug(one.model)}
            types[of] = plugin.inventory_item_types.create(body).id
        if one.serial not in assets:
            plugin.assets.create(one.created(types[of]))
        else:
            asset = assets[one.serial]
            for name, value in {"inventoryitem_type": types[of], **one.values}.items():
                setattr(asset, name, value)
            asset.save()


if __name__ == "__main__":
    main()
