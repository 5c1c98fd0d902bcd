"""The map of the command line: what there is to do, in the order in which one comes to do it, and the module that does it.

A command is imported when it is called, and the words here stand for it until then: to import all takes seconds.
"""

from typing import Final, Literal, NamedTuple

Takes = Literal["sync", "plan"]
"""What the arguments of a command name."""


class Entry(NamedTuple):
    """A command on the map: its name, the module of `asset_sync.cli` that has it under that name, and what it does.

    `takes` is what its arguments name, for completion in a shell.
    """

    name: str
    module: str
    does: str
    takes: Takes | None = None


MAP: Final[dict[str, tuple[Entry, ...]]] = {
    "Try it": (
        Entry("demo", "demo", "run every sync on simulated systems: first, again, after a day's changes"),
        Entry("sandbox", "sandbox", "simulate all systems until Ctrl-C, and print their variables"),
        Entry("dev", "dev", "start the database, the sandbox and Dagster's UI"),
    ),
    "Set up": (
        Entry("check", "check", "check the YAML of syncs; with --connect, against the systems too"),
        Entry("config", "config", "the YAML of syncs: check it, and print an example with every key"),
        Entry(
            "doctor", "doctor", "examine every system, the database and Dagster: what works, what does not, what to do", "sync"
        ),
        Entry("serve", "serve", "serve the review page and the REST API"),
        Entry("users", "users", "who may sign in to the review page, and what they may"),
    ),
    "Run": (
        Entry("run", "run", "run a sync once: read, plan, check the guards, apply, read back", "sync"),
        Entry("status", "status", "each sync at a glance: last run, freshness, changes, held, waiting plans, next run", "sync"),
        Entry("trigger", "trigger", "have a sync run once in Dagster's queue", "sync"),
        Entry("schedules", "schedules", "what starts runs by itself: list, start, stop"),
        Entry("pause", "schedules", "hold what a sync writes, or all of them, with a reason", "sync"),
        Entry("resume", "schedules", "let what was paused write again", "sync"),
        Entry("connections", "connections", "how the connections to WhatsUp Gold stand"),
        Entry("exports", "exports", "what was sent to WhatsUp Gold, address by address"),
        Entry("fabrics", "fabrics", "Hedgehog fabrics: how they stand, on a schedule, one now, compared"),
        Entry("collect", "collect", "what this machine, or others by ssh, are: a document for the syncs of hosts"),
        Entry("forget", "forget", "forget a host of which documents came"),
    ),
    "Review": (
        Entry("plan", "run", "make a plan that waits: nothing is written until it is approved and applied", "sync"),
        Entry("plans", "plans", "the plans, newest first, and how they stand"),
        Entry("show", "plans", "what a plan would do or did, field by field, and what it holds", "plan"),
        Entry("approve", "plans", "let a plan be applied: after review, or in spite of a guard", "plan"),
        Entry("reject", "plans", "keep a plan from being applied", "plan"),
        Entry("apply", "plans", "apply a plan, exactly as it was reviewed", "plan"),
        Entry("undo", "plans", "take back what a plan or a run applied", "plan"),
    ),
    "Decide and look": (
        Entry("held", "holds", "what is held now: the record, what it may be, why, since when", "sync"),
        Entry("resolve", "holds", "decide about a held record, for good and with your name"),
        Entry("explain", "explain", "why a record was written as it was, or why it was not", "sync"),
        Entry("history", "plans", "who set the values of an object"),
        Entry("changes", "changes", "what was written since a moment, by sync, kind and field"),
        Entry("missing", "plans", "what a source no longer has, and for how long", "sync"),
        Entry("alerts", "alerts", "tell people what they have to know; try a channel; what is open"),
    ),
    "Repair": (
        Entry("rebase", "run", "take the target as it stands for what was applied last", "sync"),
        Entry("backup", "backups", "write ledger, mirror and what was sent into one file, in pg_dump's format"),
        Entry("restore", "backups", "bring a backup back, whole or not at all; or into another database"),
        Entry("reconnect", "reconnect", "let links and decisions be those of another address", "sync"),
    ),
}
ENTRIES: Final = {entry.name: entry for entries in MAP.values() for entry in entries}
