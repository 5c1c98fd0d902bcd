"""Devices with their addresses judged: which ones can be monitored, and what to mind."""

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any, Final

import dagster as dg
import pandas as pd

from asset_sync.reconcile.addresses import judge_all
from asset_sync.tracking import Key

_AGAIN: Final = "exported at "


def with_verdicts(devices: pd.DataFrame, recent: Mapping[Key, datetime]) -> pd.DataFrame:
    """Return the devices with canonical addresses, why an address is `refused`, and what to mind (`warnings`).

    `recent` are the exports of late, which are warned of.
    """
    table = devices.assign(**judge_all(devices["address"]))
    keys = zip(table["id"], table["address"], strict=True)
    again = pd.Series([f"{_AGAIN}{recent[k]:%Y-%m-%d %H:%M} UTC" if k in recent else None for k in keys], dtype="str")
    both = table["warnings"].str.cat(again, sep="; ")
    return table.assign(warnings=both.fillna(table["warnings"]).fillna(again))


def refused_twins(table: pd.DataFrame, *, oldest: bool) -> pd.DataFrame:
    """Return the judged devices with those refused, too, whose address another one has: all of them, or all but the `oldest`.

    One that is monitored already goes on being so.
    """
    open_rows = table[table["refused"].isna()]
    twins = open_rows[open_rows["address"].duplicated(keep=False)]
    why: dict[Hashable, str] = {}
    for address, rows in twins.groupby("address"):
        first = rows["id"].astype("int64").idxmin()
        for at in rows.index:
            others = ", ".join(f"{other.name} (#{other.id})" for other in rows.drop(at).itertuples(index=False))
            if not (oldest and at == first):
                why[at] = (
                    f"{address} is the address of {others}, too: `same_address: oldest` has the one entered first monitored"
                )
    return table.assign(refused=table["refused"].fillna(pd.Series(why, dtype="str").reindex(table.index)))


def told_of(table: pd.DataFrame) -> dict[str, Any]:
    """Return the metadata of judged devices: how many are refused and warned of, by the reason, and the refused ones."""
    refused = table[table["refused"].notna()]
    warned = table["warnings"].dropna().str.split("; ").explode()
    warned = warned.where(~warned.str.startswith(_AGAIN), "recently exported")
    lines = [f"- {row.name} {row.address}: {row.refused}" for row in refused.itertuples(index=False)]
    return {
        "dagster/row_count": len(table),
        **{f"refused/{why}": int(count) for why, count in refused["refused"].value_counts().items()},
        **{f"warned/{why}": int(count) for why, count in warned.value_counts().items()},
        "refused": dg.MetadataValue.md("\n".join(lines) or "none"),
    }
