"""The map of the command line: what there is to do, in the order in which one comes to do it, and the module that does it.

A command is imported when it is called, and the words here stand for it until then: to import all takes seconds.
"""

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """A command on the map: its name, the module of `asset_sync.cli` that has it under that name, and what it does."""

    name: str
    module: str
    does: str


MAP: Final[dict[str, tuple[Entry, ...]]] = {
    "Try it": (
        Entry("demo", "demo", "run every sync on simulated systems: first, again, after a day's changes"),
        Entry("sandbox", "sandbox", "simulate all systems until Ctrl-C, and print their variables"),
        Entry("dev", "dev", "start the database, the sandbox and Dagster's UI"),
    ),
    "Set up": (
        Entry("check", "check", "check the YAML of syncs; with --connect, against the systems too"),
        Entry("serve", "serve", "serve the REST API"),
    ),
    "Run": (
        Entry("run", "run", "run a sync once: read, plan, check the guards, apply, read back"),
        Entry("connections", "connections", "how the connections to WhatsUp Gold stand"),
        Entry("fabrics", "fabrics", "Hedgehog fabrics: how they stand, on a schedule, one now, compared"),
        Entry("collect", "collect", "what this machine, or others by ssh, are: a document for the syncs of hosts"),
        Entry("forget", "forget", "forget a host of which documents came"),
    ),
    "Review": (
        Entry("plans", "plans", "the plans, newest first, and how they stand"),
        Entry("show", "plans", "what a plan would do or did, field by field, and what it holds"),
        Entry("approve", "plans", "let a plan be applied: after review, or in spite of a guard"),
        Entry("reject", "plans", "keep a plan from being applied"),
        Entry("apply", "plans", "apply a plan, exactly as it was reviewed"),
        Entry("undo", "plans", "take back what a plan or a run applied"),
    ),
    "Decide and look": (
        Entry("held", "holds", "what is held now: the record, what it may be, why, since when"),
        Entry("resolve", "holds", "decide about a held record, for good and with your name"),
        Entry("history", "plans", "who set the values of an object"),
        Entry("missing", "plans", "what a source no longer has, and for how long"),
    ),
    "Repair": (
        Entry("rebase", "run", "take the target as it stands for what was applied last"),
        Entry("backup", "backups", "write ledger, mirror and what was sent into one file, in pg_dump's format"),
        Entry("restore", "backups", "bring a backup back, whole or not at all; or into another database"),
        Entry("reconnect", "reconnect", "let links and decisions be those of another address"),
    ),
}
ENTRIES: Final = {entry.name: entry for entries in MAP.values() for entry in entries}
