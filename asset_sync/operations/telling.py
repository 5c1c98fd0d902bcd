"""Telling people: what is to be told now, by each channel, once, whoever looks; a test message; and what is open."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import dagster as dg
from pydantic import TypeAdapter

from asset_sync import database
from asset_sync.alerts import Cause, Channel, Known, channels
from asset_sync.alerts.deciding import digest_due, due, is_left_alone, retry_after, seen, told
from asset_sync.alerts.wording import Message, message
from asset_sync.components import Alerts, forms
from asset_sync.components.resources import open_alerts
from asset_sync.ledger.alerts import ChannelState, Claim
from asset_sync.operations import definitions
from asset_sync.operations.alerting import open_causes
from asset_sync.operations.digest import digest
from asset_sync.reconcile.errors import ConfigurationError

_OUTAGES: Final = TypeAdapter(dict[str, list[Known]])
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """What became of a channel: how many causes it was told, whether it was a digest; `problem` is why it took nothing."""

    channel: str
    causes: int = 0
    digest: bool = False
    problem: str | None = None
    busy: bool = False
    retry_at: datetime | None = None

    @property
    def told(self) -> str:
        """The report in a line."""
        if self.busy:
            return f"{self.channel}: another sender has it"
        if self.problem is not None:
            return f"{self.channel}: {self.problem}{self._next()}"
        parts = [f"told {self.causes}"] if self.causes else []
        return f"{self.channel}: {' and '.join([*parts, *(['sent the digest'] if self.digest else [])]) or 'nothing to tell'}"

    def _next(self) -> str:
        return f"; next try after {self.retry_at:%Y-%m-%d %H:%M:%S} UTC" if self.retry_at else ""


@dataclass(frozen=True, slots=True)
class Open:
    """A cause that is open now, and when each channel that knows it was told, by name; None: not yet."""

    cause: Cause
    told_at: dict[str, datetime | None]


def configured() -> Alerts:
    """Return what the project's YAML says of alerts. Raises `ConfigurationError` where there is none, or it is wrong."""
    for file in forms.files(definitions.DEFS):
        made = forms.check_file(file)
        if isinstance(made, Alerts):
            return made
    raise ConfigurationError("no YAML has `type: asset_sync.components.Alerts`: see asset_sync/defs/alerts/defs.yaml")


def send(alerts: Alerts, dagster: dg.DagsterInstance, now: datetime) -> list[ChannelReport]:
    """Look what is the case, and tell each channel what it is to be told; return what became of each.

    A channel that another sender has is left to that one. A look comes after the claims: it is never older than what a channel
    was told before.
    """
    store = open_alerts()
    with ExitStack() as held:
        claims = {each.name: held.enter_context(store.claimed(each.name)) for each in alerts.named()}
        if not any(claims.values()):
            return [ChannelReport(each.name, busy=True) for each in alerts.named()]
        causes = open_causes(dagster, now, held_growth=alerts.held_growth)
        telling = [_Telling(each, alerts, causes, now) for each in alerts.named()]
        with ThreadPoolExecutor(len(telling)) as pool:
            return list(pool.map(lambda each: each.to(claims[each.channel.name]), telling))


def tell_outage(alerts: Alerts, kept: str | None, why: str | None, now: datetime) -> tuple[str, list[ChannelReport]]:
    """Tell each channel, once, that the ledger cannot be asked, and why; or, with no `why`, that it can be again.

    What was told cannot be kept in the ledger then: it is `kept` by the caller, as returned. Empty: there is nothing to keep.
    """
    known = _OUTAGES.validate_json(kept) if kept else {}
    causes = [Cause("database", "the ledger", why)] if why else []
    reports = []
    for channel in alerts.named():
        there = seen(known.get(channel.name, ()), causes, now)
        items = due(there, alerts.rules(), now)
        problem = channels.send(channel, message(items, alerts.rules(), alerts.links(), now)) if items else None
        known[channel.name] = there if problem else told(there, items, now)
        reports.append(ChannelReport(channel.name, len(items), problem=problem))
    return (_OUTAGES.dump_json(known).decode() if any(known.values()) else ""), reports


def try_out(name: str | None) -> list[ChannelReport]:
    """Send a test message to a channel, or to all. Raises `ConfigurationError` where there is none of that name."""
    alerts = configured()
    chosen = [each for each in alerts.named() if name in (None, each.name)]
    if not chosen:
        there = ", ".join(each.name for each in alerts.named())
        raise ConfigurationError(f"there is no channel {name!r}; there are {there}" if there else alerts.nobody())
    hello = Message("asset_sync: a test", "This channel takes alerts of asset_sync.")
    return [ChannelReport(each.name, causes=1, problem=channels.send(each, hello)) for each in chosen]


def open_now(now: datetime) -> list[Open]:
    """Return what is open now, told or not."""
    alerts, store = configured(), open_alerts()
    known = {each.name: {k.cause.key: k.told_at for k in store.state(each.name).known} for each in alerts.named()}
    with definitions.instance() as dagster:
        causes = open_causes(dagster, now, held_growth=alerts.held_growth)
    return [Open(cause, {name: told.get(cause.key) for name, told in known.items()}) for cause in causes]


@dataclass(frozen=True, slots=True)
class _Telling:
    """What a channel is told at one time."""

    channel: Channel
    alerts: Alerts
    causes: Sequence[Cause]
    now: datetime

    def to(self, claim: Claim | None) -> ChannelReport:
        """Tell the channel, and keep what it was told."""
        if claim is None:
            return ChannelReport(self.channel.name, busy=True)
        rules = self.alerts.rules()
        state = replace(claim.state, known=seen(claim.state.known, self.causes, self.now))
        # A clock that was ahead for a time would have it wait for that.
        state = replace(state, digest_at=min(state.digest_at or self.now, self.now))
        if is_left_alone(state.retry_at, self.now):
            claim.keep(state)
            return ChannelReport(self.channel.name, problem="left alone since it failed", retry_at=state.retry_at)
        state, report = self._alerts(state, due(state.known, rules, self.now))
        if report.problem is None:
            state, report = self._digest(state, report, digest_due(state.digest_at, rules, self.now))
        claim.keep(state)
        return report

    def _alerts(self, state: ChannelState, items: Sequence[Known]) -> tuple[ChannelState, ChannelReport]:
        if not items:
            return state, ChannelReport(self.channel.name)
        words = message(items, self.alerts.rules(), self.alerts.links(), self.now)
        state, problem = self._sent(state, words)
        if problem is not None:
            return state, ChannelReport(self.channel.name, problem=problem, retry_at=state.retry_at)
        return replace(state, known=told(state.known, items, self.now)), ChannelReport(self.channel.name, len(items))

    def _digest(self, state: ChannelState, report: ChannelReport, until: datetime | None) -> tuple[ChannelState, ChannelReport]:
        if until is None or state.digest_at is None:
            return state, report
        words = digest(database.engine(), self.causes, state.digest_at, until, self.alerts.rules().zone)
        state, problem = self._sent(state, words)
        if problem is not None:
            return state, replace(report, problem=problem, retry_at=state.retry_at)
        return replace(state, digest_at=until), replace(report, digest=True)

    def _sent(self, state: ChannelState, words: Message) -> tuple[ChannelState, str | None]:
        """Send a message; return when the channel is to be tried again, and why it did not take it, if so."""
        problem = channels.send(self.channel, words)
        if problem is None:
            return replace(state, failures=0, retry_at=None), None
        failures = state.failures + 1
        retry_at = self.now + retry_after(failures)
        _log.warning("the channel %s of the alerts: %s; it is tried again after %s", self.channel.name, problem, retry_at)
        return replace(state, failures=failures, retry_at=retry_at), problem
