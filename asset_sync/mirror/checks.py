"""What is looked at after a load: whether the mirror's references lead somewhere, and whether living tags are unique."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Engine, func, select

from asset_sync.mirror.schema import tables
from asset_sync.systems.snipeit import TABLES

_SHOWN: Final = 5


def unresolved(engine: Engine, name: str) -> Mapping[str, int]:
    """Return how many living rows of a table point to a row that the mirror does not have, by column."""
    table, found = tables[name], {}
    with engine.connect() as connection:
        for column in TABLES[name].columns:
            if column.references is None:
                continue
            other = tables[column.references].alias()
            lost = ~select(other.c.id).where(other.c.id == table.c[column.name]).exists()
            query = select(func.count()).where(table.c.deleted_at.is_(None), table.c[column.name].is_not(None), lost)
            if count := connection.scalar(query):
                found[column.name] = count
    return found


def repeated_tags(engine: Engine) -> Sequence[str]:
    """Return some asset tags that more than one living asset has; none in a register that is in order."""
    hardware = tables["hardware"]
    tag = hardware.c.asset_tag
    query = select(tag).where(hardware.c.deleted_at.is_(None), tag.is_not(None)).group_by(tag).having(func.count() > 1)
    with engine.connect() as connection:
        return [str(one) for one in connection.scalars(query.order_by(tag).limit(_SHOWN))]
