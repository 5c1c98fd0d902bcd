"""(c) diffsync with bulk writes: both sides as its models, their diff, and what differs written by pynetbox in lists."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final, Self

import pynetbox
from diffsync import Adapter, DiffSyncModel
from diffsync.enum import DiffSyncFlags

from asset_sync_tests.bench.beside.wanted import slug, wanted

BATCH: Final = 100
"""Objects a request: as many as asset_sync writes."""


class _Model(DiffSyncModel):
    """A model whose writes are put off to the end of the sync; `number` is NetBox's id of the object."""

    number: int | None = None

    @classmethod
    def create(cls, adapter: Any, ids: dict[str, Any], attrs: dict[str, Any]) -> Self | None:
        made = super().create(adapter, ids, attrs)
        adapter.to_create.append(made)
        return made

    def update(self, attrs: dict[str, Any]) -> Self | None:
        target: Any = self.adapter
        target.to_update.append((self, attrs))
        return super().update(attrs)


class Maker(_Model):
    """A manufacturer."""

    _modelname = "maker"
    _identifiers = ("name",)

    name: str


class ItemType(_Model):
    """An item type of a manufacturer."""

    _modelname = "item_type"
    _identifiers = ("maker", "model")

    maker: str
    model: str


class Asset(_Model):
    """An asset of an item type."""

    _modelname = "asset"
    _identifiers = ("serial",)
    _attributes = ("maker", "model", "name", "asset_tag", "description")

    serial: str
    maker: str
    model: str
    name: str
    asset_tag: str | None
    description: str | None


class _Sides(Adapter):
    maker, item_type, asset = Maker, ItemType, Asset
    top_level: ClassVar[list[str]] = ["maker", "item_type", "asset"]


class Source(_Sides):
    """What PDQ Connect says."""

    def load(self) -> None:
        """Read it."""
        for one in wanted():
            self.get_or_add_model_instance(Maker(name=one.maker))
            self.get_or_add_model_instance(ItemType(maker=one.maker, model=one.model))
            self.add(Asset(serial=one.serial, maker=one.maker, model=one.model, **one.values))


class Target(_Sides):
    """What NetBox holds, and the way there."""

    def __init__(self, api: pynetbox.api) -> None:
        super().__init__()
        self._makers = api.dcim.manufacturers
        self._types = api.plugins.inventory.inventory_item_types
        self._assets = api.plugins.inventory.assets
        self.to_create: list[_Model] = []
        self.to_update: list[tuple[_Model, dict[str, Any]]] = []

    def load(self) -> None:
        """Read it."""
        for row in self._makers.all():
            self.add(Maker(name=row.name, number=row.id))
        types = {}
        for row in self._types.all():
            types[row.id] = (row.manufacturer.name, row.model)
            self.add(ItemType(maker=row.manufacturer.name, model=row.model, number=row.id))
        for row in self._assets.all():
            maker, model = types[row.inventoryitem_type.id]
            values = {"name": row.name, "asset_tag": row.asset_tag, "description": row.description}
            self.add(Asset(serial=row.serial, maker=maker, model=model, number=row.id, **values))

    def sync_complete(self, *_args: Any, **_options: Any) -> None:
        """Write what was put off, in the order in which one needs the other."""
        self._create(self._makers, Maker)
        self._create(self._types, ItemType)
        self._create(self._assets, Asset)
        for batch in _batches([{"id": model.number, **self._changed(model, attrs)} for model, attrs in self.to_update]):
            self._assets.update(batch)

    def _create(self, endpoint: Any, kind: type[_Model]) -> None:
        for models in _batches([model for model in self.to_create if isinstance(model, kind)]):
            for model, row in zip(models, endpoint.create([self._body(model) for model in models]), strict=True):
                model.number = row.id

    def _body(self, model: _Model) -> dict[str, Any]:
        match model:
            case Maker():
                return {"name": model.name, "slug": slug(model.name)}
            case ItemType():
                maker: Any = self.get(Maker, model.maker)
                return {"manufacturer": maker.number, "model": model.model, "slug": slug(model.model)}
        return {**model.get_identifiers(), "status": "used", **self._changed(model, model.get_attrs())}

    def _changed(self, model: Any, attrs: dict[str, Any]) -> dict[str, Any]:
        body = {name: value for name, value in attrs.items() if name not in ("maker", "model")}
        if len(body) < len(attrs):
            item_type: Any = self.get(ItemType, {"maker": model.maker, "model": model.model})
            body["inventoryitem_type"] = item_type.number
        return body


def _batches(whole: Sequence[Any]) -> Iterator[list[Any]]:
    for at in range(0, len(whole), BATCH):
        yield list(whole[at : at + BATCH])


def main() -> None:
    """Bring NetBox into step with PDQ Connect."""
    source, target = Source(), Target(pynetbox.api(os.environ["NETBOX_URL"], token=os.environ["NETBOX_TOKEN"]))
    source.load()
    target.load()
    source.sync_to(target, flags=DiffSyncFlags.SKIP_UNMATCHED_DST)


if __name__ == "__main__":
    main()
