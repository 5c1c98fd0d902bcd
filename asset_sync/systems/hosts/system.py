"""Hosts, declared."""

from collections.abc import Iterator
from typing import Final

import dagster as dg
from pydantic import Field

from asset_sync.systems.checkup import Finding, Needs
from asset_sync.systems.hosts.report import diff_report
from asset_sync.systems.hosts.resource import KeptDocuments
from asset_sync.systems.hosts.tables import TABLES, host_of, host_rows
from asset_sync.systems.system import Options, Read, System


class ChoosingOptions(dg.Model):
    """Which hosts a sync is about: those of these names, where any are named."""

    names: list[str] = Field(
        default_factory=list, description="The names of the hosts that the sync is about; all where none is named."
    )


def _checkup(documents: KeptDocuments, _needs: Needs) -> Iterator[Finding]:
    count = len(documents.kept().all())
    yield Finding("reachable", "ok", f"documents of {count} host{'' if count == 1 else 's'} are kept")


def _told_by(options: ChoosingOptions) -> System:
    wanted = {name.casefold() for name in options.names}

    def read(documents: KeptDocuments, _table: str, _open_columns: tuple[str, ...]) -> Read:
        table = host_rows(documents.kept().all())
        chosen = table["name"].str.casefold().isin(wanted) if wanted else table["id"].notna()
        return Read(table[chosen].reset_index(drop=True), 0)

    return System(
        "hosts",
        "Hosts",
        "hosts",
        KeptDocuments,
        TABLES,
        read,
        record_of=host_of,
        report=diff_report,
        as_source=Options(ChoosingOptions, _told_by, frozenset(ChoosingOptions.model_fields)),
        checkup=_checkup,
    )


HOSTS: Final = _told_by(ChoosingOptions())
