"""The ledger's tables. `asset_sync.ledger.migrations` makes them; a test holds the two together.

A plan and its operations never change once saved, but for the plan's state; what became of them stands beside them.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeDecorator

SCHEMA: Final = "asset_sync"

PLANNED: Final = "planned"
WAITING: Final = "waiting"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
APPLYING: Final = "applying"
APPLIED: Final = "applied"
SUPERSEDED: Final = "superseded"
STALE: Final = "stale"
STATES: Final = (PLANNED, WAITING, APPROVED, REJECTED, APPLYING, APPLIED, SUPERSEDED, STALE)


class Moment(TypeDecorator[datetime]):
    """A moment: timezone-aware on the way in (`ValueError` otherwise), UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a time that does not say where it is one."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the moment in UTC, whatever the session's time zone is."""
        return None if value is None else value.astimezone(UTC)


metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    },
)


def _seldom_asked(name: str, column: str) -> Index:
    """Of which pages may have a value. Keeping a plan costs no more with it; with an index of the values, a third more."""
    storage, operators = {"autosummarize": "on"}, {column: "text_bloom_ops"}
    return Index(name, column, postgresql_using="brin", postgresql_ops=operators, postgresql_with=storage)


def _of_plan() -> Column[str]:
    return Column("plan_id", Text, ForeignKey("asset_sync.plan.id", ondelete="CASCADE"), primary_key=True)


link = Table(
    "link",
    metadata,
    Column("sync", Text, primary_key=True, comment="whose links they are; others may share them"),
    Column("kind", Text, primary_key=True),
    Column("source_key", Text, primary_key=True),
    Column("target_id", Text, nullable=False),
    Column("claimed", Text, nullable=False, comment="'created', or the identity rule that matched"),
    Column("made", Boolean, nullable=False, server_default=text("false"), comment="whether this sync made the object"),
    Column("base", JSONB, nullable=False, comment="field to the value last applied or agreed on; a reference is an id"),
    Column("told_by", Text, nullable=False, comment="the sync whose record it is: it alone says that it is gone"),
    Column("first_seen", Moment, nullable=False),
    Column("missing_since", Moment),
    Column("missing_runs", Integer, nullable=False, server_default=text("0")),
    Column("retired_by", Text, comment="'sync' or 'undo'; empty while in service"),
    Column("retired_at", Moment),
    Column("plan_id", Text, comment="the plan that wrote to the object last"),
    Column("version", Text, comment="the object's version since a plan last wrote to it or claimed it"),
    Column("created", Text, comment="when the object was made, where the target tells"),
    Column(
        "identity", JSONB, nullable=False, server_default=text("'{}'"), comment="what made the object that object, by field"
    ),
    UniqueConstraint("sync", "kind", "target_id"),
)

plan = Table(
    "plan",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sync", Text, nullable=False),
    Column("link_set", Text, nullable=False, comment="the sync whose links it goes by, mostly its own"),
    Column("mode", Text, nullable=False),
    Column("after", Text),
    Column("complete", Boolean, nullable=False),
    Column("undoes", Text),
    Column("source_rows", JSONB, nullable=False),
    Column("counts", JSONB, nullable=False),
    Column("writes", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("stale_because", Text, comment="what a later look says otherwise, in words"),
    Column("started_at", Moment),
    Column("applied_at", Moment),
    CheckConstraint(f"state in ({', '.join(repr(state) for state in STATES)})", name="state"),
    Index(None, "link_set", "started_at"),
)

making = Table(
    "making",
    metadata,
    _of_plan(),
    Column("run_id", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("number", BigInteger, Identity(), nullable=False, comment="tells what came last among equal times"),
    Column("counted", Boolean, nullable=False, server_default=text("false"), comment="what it misses was counted as missing"),
    Column(
        "partial",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="it was about some of the source's records alone",
    ),
    Index(None, "run_id"),
    comment="The runs that made a plan: the same inputs give the same plan again.",
)

applying = Table(
    "applying",
    metadata,
    _of_plan(),
    Column("run_id", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "run_id"),
    comment="The runs that applied a plan, or went on with it.",
)

decision = Table(
    "decision",
    metadata,
    _of_plan(),
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("guards", ARRAY(Text), nullable=False, comment="the failed guards that the person saw"),
    Column("lapsed", Boolean, nullable=False, server_default=text("false"), comment="the plan went stale since"),
    comment="What people decided about a plan, in order.",
)

guard = Table(
    "guard",
    metadata,
    _of_plan(),
    Column("name", Text, primary_key=True),
    Column("passed", Boolean, nullable=False),
    Column("message", Text, nullable=False),
)

operation = Table(
    "operation",
    metadata,
    _of_plan(),
    Column("seq", Integer, primary_key=True, comment="the row number in the plan"),
    Column("kind", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("key", Text),
    Column("source_key", Text),
    Column("target_id", Text),
    Column("version", Text),
    Column("changes", Text, nullable=False, comment="JSON, kept as text: the plan's id is made from its bytes"),
    Column("reason", Text),
    Column("hold", Text),
    Column("identity", Text, comment="JSON: what the link will remember as what makes the object that object"),
    Column("step", Text),
    Column("candidates", Text, comment="the ids of the objects that a held record may be, parted by blanks"),
    Column("about", Text, comment="JSON: what made the object that object, as the plan saw it"),
    # Not named by its columns: the key of what is about to be created, as references speak of it.
    Index("operation_created_idx", "plan_id", "kind", "key", postgresql_where=text("op = 'create'")),
    Index("operation_held_idx", "plan_id", postgresql_where=text("hold IS NOT NULL")),
    _seldom_asked("operation_source_key_idx", "source_key"),
    _seldom_asked("operation_key_idx", "key"),
)

outcome = Table(
    "outcome",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("detail", Text),
    Column("target_id", Text),
    Column("version", Text),
    Column("created", Text, comment="when the object was made, where the target tells"),
    Column(
        "instead", JSONB, nullable=False, server_default=text("'{}'"), comment="by field, where a create was stored without it"
    ),
    Column("at", Moment, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("fields", Text, comment="JSON: the names of the fields that were written; empty where there are none"),
    ForeignKeyConstraint(["plan_id", "seq"], [operation.c.plan_id, operation.c.seq], ondelete="CASCADE"),
    Index(None, "target_id"),
)

intent = Table(
    "intent",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    ForeignKeyConstraint(["plan_id", "seq"], [operation.c.plan_id, operation.c.seq], ondelete="CASCADE"),
    comment="What a run was about to send to the target; of several runs, the last.",
)

sighting = Table(
    "sighting",
    metadata,
    _of_plan(),
    Column("run_id", Text, primary_key=True),
    Column("sync", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "sync", "at"),
    comment="What the links remember of one run's look at the source, recorded once.",
)

source_count = Table(
    "source_count",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    ForeignKeyConstraint(["plan_id", "run_id"], [sighting.c.plan_id, sighting.c.run_id], ondelete="CASCADE"),
)

resolution = Table(
    "resolution",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("link_set", Text, nullable=False, comment="the sync whose links it is about"),
    Column("kind", Text, nullable=False),
    Column("source_key", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("target_id", Text),
    Column("field", Text),
    Column("until_changed", Boolean, nullable=False),
    Column("fingerprint", Text, comment="of what the record said; as long as it says so, it is ignored"),
    Column("mapped", Text, comment="a digest of the mapping that the fingerprint was made by"),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("taken_back_by", Text),
    Column("taken_back_at", Moment),
    Column("about", Text, comment="JSON: what made the object that object when a plan first went by the decision"),
    Column("key", Text, comment="what the record was called when it was decided"),
    Column("replaced_by", BigInteger, comment="the number of what came in its place"),
    Index(None, "link_set", "kind", "source_key"),
    comment="What people decided about held records.",
)

lease = Table(
    "lease",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("machine", Text, nullable=False),
    Column("process", BigInteger, nullable=False),
    Column("began", Text, nullable=False, comment="tells one process from another of the same number"),
    Column("beat_at", Moment, nullable=False),
    comment="Which process carries out which run, and when it was last heard of.",
)

schedule = Table(
    "schedule",
    metadata,
    Column("sync", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("last_sync", Moment, comment="when the last turn was claimed, before any work"),
    Column("last_success", Moment, comment="when the last turn that succeeded ended"),
    Column("failures", Integer, nullable=False, server_default=text("0"), comment="since the last success"),
    Column("failed_at", Moment, comment="when the last turn ended, where it failed"),
    Column("last_error", Text, comment="why, in a line; empty after a success"),
    Column("owner", Text, comment="the run that has the connection, or the request for one that has not begun"),
    Column("expires_at", Moment, comment="until when the request counts; of a run that has begun its lease tells"),
    Column("counted", Boolean, nullable=False, server_default=text("true"), comment="what the owner does is a turn"),
    comment="When each connection of a sync ran, how it went, and who has it now.",
)

reached = Table(
    "reached",
    metadata,
    Column("sync", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("marks", ARRAY(Text), nullable=False, comment="what its system alone has, such as ids of objects"),
    Column("since", Moment, nullable=False, comment="since when it is that system"),
    comment="Which system each connection of a sync reached last.",
)

budget = Table(
    "budget",
    metadata,
    Column("account", Text, primary_key=True, comment="a system's name, and what tells address and user from others"),
    Column("next_at", Moment, nullable=False),
    Column("taken_by", Text, nullable=False, comment="the run whose request leaves last, or that was told to wait"),
    Column("taken_before_by", Text, comment="the run whose request left before that one"),
    comment="When the next request to an account of a system may leave, for all runs together.",
)

asked = Table(
    "asked",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sync", Text, nullable=False),
    Column("partition", Text),
    Column("config", JSONB, nullable=False, comment="of its steps, by their names"),
    Column("steps", JSONB, nullable=False, comment="the sync's own steps that are to be run; empty for all"),
    Column("tags", JSONB, nullable=False),
    Column("topic", Text, comment="what is asked for again until it is taken is asked for once"),
    Column("asked_at", Moment, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("taken_at", Moment),
    Column("taken_by", Text, comment="daemon, or service"),
    Column("failed", Text, comment="why it never became a run, in a line"),
    Index("asked_waiting_idx", "not_before", postgresql_where=text("taken_at IS NULL")),
    comment="The runs that somebody asked for by REST, by a hook or on the command line.",
)

pause = Table(
    "pause",
    metadata,
    Column("sync", Text, primary_key=True, comment="empty for all"),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    comment="What is not to write now, and why.",
)

hook = Table(
    "hook",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    comment="The hooks that were taken, as long as they are young enough to be sent again.",
)

signed_out = Table(
    "signed_out",
    metadata,
    Column("session", Text, primary_key=True, comment="the id of a session"),
    Column("until", Moment, nullable=False, comment="when it would have ended by itself"),
    comment="The sessions that their people ended, as long as their cookies would be good.",
)

destination = Table(
    "destination",
    metadata,
    Column("link_set", Text, primary_key=True),
    Column("target", Text, nullable=False, comment="the system, as it is reached"),
    comment="Which system each set of links leads to.",
)

alert_channel = Table(
    "alert_channel",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False, server_default=text("0"), comment="since it took a message"),
    Column("retry_at", Moment, comment="until when it is left alone after a failure"),
    Column("digest_at", Moment, comment="up to when the last digest told"),
    Column("claimed_by", Text, comment="who tells it now"),
    Column("claimed_until", Moment, comment="when the claim lapses, by the database's clock"),
    comment="The channels of alerts: one sender at a time tells each.",
)

alert = Table(
    "alert",
    metadata,
    Column("channel", Text, ForeignKey("asset_sync.alert_channel.name", ondelete="CASCADE"), primary_key=True),
    Column("sort", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("why", Text, nullable=False),
    Column("plan_id", Text),
    Column("run_id", Text),
    Column("seen_at", Moment, nullable=False),
    Column("told_at", Moment, comment="when it was told last; empty before"),
    Column("over_at", Moment, comment="since when it is over, which is yet to be told"),
    comment="The causes that each channel knows.",
)

staged = Table(
    "staged_link",
    MetaData(),
    Column("step", Text, nullable=False, comment="which of the statements that follow the row is for"),
    Column("kind", Text, nullable=False),
    Column("source_key", Text, nullable=False),
    Column("target_id", Text),
    Column("claimed", Text),
    Column("version", Text),
    Column("created", Text),
    Column("base", JSONB),
    Column("identity", JSONB),
    Column("made", Boolean),
    Column("retired_by", Text),
    Column("retired_at", Moment),
    # What is staged is joined to links that the same transaction made, of which PostgreSQL expects a few at most: without it,
    # all that is staged would be looked through for each of them.
    Index("staged_link_idx", "step", "kind", "source_key"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
