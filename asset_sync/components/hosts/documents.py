"""The documents as an asset: a partition a host, materialised as they come."""

from collections.abc import Iterable, Iterator
from typing import Final

import dagster as dg

from asset_sync.components.hosts.taking import Taken
from asset_sync.components.objects import objects_key
from asset_sync.systems.hosts.tables import HOSTS

PARTITIONS: Final = dg.DynamicPartitionsDefinition(name="hosts")
DOCUMENTS: Final = dg.AssetSpec(
    objects_key("hosts", str(HOSTS.kind)),
    partitions_def=PARTITIONS,
    group_name="hosts",
    kinds={"json"},
    description="The last document of each host, as it was dropped, collected or sent.",
)


def events(taken: Iterable[Taken]) -> Iterator[dg.AssetMaterialization]:
    """Yield what Dagster is to know of documents that were taken in."""
    for each in taken:
        told = each.kept.told
        yield dg.AssetMaterialization(
            DOCUMENTS.key,
            partition=each.kept.partition,
            description=each.name,
            metadata={
                "host": told["hostname"] or each.kept.id,
                "collected_at": told["collected_at"],
                "changed": each.kept.changed,
                "left_out": dg.MetadataValue.md("\n".join(f"- {note}" for note in each.notes) or "nothing"),
                "unread": dg.MetadataValue.json(told["unread"]),
            },
        )


def partitions(taken: Iterable[Taken]) -> tuple[list[str], list[str]]:
    """Return the partitions that there are by those documents, and those that there are no more: a host has another name."""
    there = dict.fromkeys(each.kept.partition for each in taken)
    gone = dict.fromkeys(each.before.partition for each in taken if each.before)
    return list(there), [each for each in gone if each not in there]
