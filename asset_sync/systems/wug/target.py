"""WhatsUp Gold as a `reconcile.target.Target`: devices made by templates, changed part by part, and read as seldom as can be.

WhatsUp Gold has no versions, so that nothing is compared while it is written: `reconcile.apply` reads before it writes. A
template always makes a device, whatever is there already (facts/wug.md §3).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import Answer, Declined, OutcomeUnknown, Refused, Write, Written
from asset_sync.systems.http import Tally
from asset_sync.systems.wug.client import WugClient
from asset_sync.systems.wug.extract import device_table, device_value, group_table, same_value
from asset_sync.systems.wug.kinds import GROUP, OFF, ON
from asset_sync.systems.wug.known import Known
from asset_sync.systems.wug.records import ROOT_ID, ROOT_NAME, Group
from asset_sync.systems.wug.updating import DeviceUpdates, not_stored
from asset_sync.systems.wug.values import Groups, attribute_values, filled, group_at
from asset_sync.systems.wug.wire import Failed, Row

_DEVICES: Final = 50
"""How many templates go together: requests with many have been answered 500 where single ones worked (facts/wug.md §1)."""
_GROUPS: Final = 1000
"""One batch for all groups that anybody has: parents must be there before their children."""


class WugTarget:
    """A WhatsUp Gold that plans are applied to; see `asset_sync.reconcile.target.Target` for what each method promises.

    `root` is the path of the group that is the sync's own: devices are never taken out of groups elsewhere. One target is for
    one apply. Safe to share between threads.
    """

    def __init__(self, client: WugClient, *, root: str) -> None:
        self.client = client
        self.root = root
        self._known = Known(client)
        self._together = _DEVICES
        self._unsure: set[tuple[str, int]] = set()

    @property
    def tally(self) -> Tally:
        """The requests that were sent."""
        return self.client.tally

    def batch_size(self, kind: Kind) -> int:
        """Return 50 for devices, 1000 for groups."""
        return _GROUPS if kind.name == GROUP.name else _DEVICES

    def read(self, kind: Kind, ids: Sequence[str]) -> pd.DataFrame:
        """Return the observed table of those objects: as they were at most 30 s ago, and since they were last written."""
        if kind.name == GROUP.name:
            wanted = set(ids)
            return group_table(kind, [group for group in self._known.groups().values() if group.id in wanted], self.root)
        found = self._known.devices(ids)
        return device_table(kind, list(found.devices.values()), found.maintenance, self.root)

    def find(self, kind: Kind, writes: Sequence[Write]) -> pd.DataFrame:
        """Return the observed table of the objects that could be what those creates made, by their decisive values.

        They are as they were at most 30 s ago; after a create of unknown fate, as they are now.
        """
        anew = any((kind.name, write.seq) in self._unsure for write in writes)
        names = {name for rule in kind.identity if rule.decisive for name in rule.fields}
        wanted = {(name, same_value(name, w.values[name])) for w in writes for name in names if w.values.get(name) is not None}
        if kind.name == GROUP.name:
            paths = {str(path).casefold() for _, path in wanted}
            groups = self._known.groups(anew=anew)
            return group_table(kind, [group for path, group in groups.items() if path.casefold() in paths], self.root)
        listing = self._known.listing(self._known.now() if anew else None)
        found = [
            device
            for device in listing.devices.values()
            if any((name, device_value(name, device, listing.maintenance, self.root)) in wanted for name in names)
        ]
        return device_table(kind, found, listing.maintenance, self.root)

    def create(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        """Create objects; what the server refuses of a batch is declined, with its words."""
        try:
            return self._create_groups(writes) if kind.name == GROUP.name else self._create_devices(kind, writes, message)
        except OutcomeUnknown:
            self._unsure |= {(kind.name, write.seq) for write in writes}
            raise

    def update(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        """Change devices; what was stored of a batch is written, what the server refuses of it is declined, with its words."""
        if kind.name == GROUP.name:
            return {write.seq: Declined("groups of WhatsUp Gold are made here, but not changed") for write in writes}
        ids = [str(write.target_id) for write in writes]
        try:
            return DeviceUpdates(self.client, self._known, self.root, message).carry_out(writes)
        except OutcomeUnknown:
            self._known.doubt(ids)
            raise
        finally:
            self._known.wrote(ids)

    # Scans.

    def scan(self, path: str, addresses: Sequence[str]) -> str:
        """Have WhatsUp Gold look at addresses itself and put what answers into a group; return the scan's id.

        Raises `Refused` where there is no such group, and as `Scans.start` does.
        """
        return self.client.scans.start(group_at(path, self._known.groups()).id, addresses)

    # Groups.

    def _create_groups(self, writes: Sequence[Write]) -> dict[int, Answer]:
        answers: dict[int, Answer] = {}
        for write in sorted(writes, key=lambda write: str(write.values["path"]).count("/")):
            try:
                group = self._create_group(str(write.values["path"]), write.values.get("description"))
            except Refused as refusal:
                answers[write.seq] = Declined(str(refusal))
            except OutcomeUnknown:
                raise
            except TargetError as error:
                if not answers:
                    raise
                return not_stored(writes, error) | answers
            else:
                self._known.made(group)
                answers[write.seq] = Written(group.id, None)
        return answers

    def _create_group(self, path: str, description: str | None) -> Group:
        above, _, name = path.rpartition("/")
        parent = group_at(above, self._known.groups()) if above else Group(ROOT_ID, (), None)
        made = self.client.create_group(parent.id, name, description or "")
        return Group(made, (*parent.path, name), description)

    # Creating devices.

    def _create_devices(self, kind: Kind, writes: Sequence[Write], message: str) -> dict[int, Answer]:
        if len(writes) > self._together:
            raise Refused(f"WhatsUp Gold has failed on more than {self._together} new devices in one request")
        templates, answers = self._templates(writes)
        if not templates:
            return answers
        try:
            created = self.client.create_devices(list(templates.values()))
        except Failed as failure:
            self._check_nothing_made(kind, writes, failure)
            raise Refused(str(failure)) from None
        ids = {seq: created.ids[str(seq)] for seq in templates if str(seq) in created.ids}
        words = {seq: created.messages[str(seq)] for seq in templates if str(seq) in created.messages}
        answers |= {seq: Declined(words[seq]) for seq in templates if seq not in ids}
        return answers | self._made([write for write in writes if write.seq in ids], ids, words, message)

    def _made(
        self, writes: Sequence[Write], ids: Mapping[int, str], words: Mapping[int, str], message: str
    ) -> dict[int, Written]:
        """Tell of devices that were made what stands in them in place of what the server left out, by its own words."""
        unswitched = self._begin_maintenance(writes, ids, message)
        found: dict[int, Written] = {}
        for write in writes:
            device_id, told = ids[write.seq], [each[write.seq] for each in (words, unswitched) if write.seq in each]
            instead = self._left_out(write, device_id) if write.seq in words else {}
            instead |= {"maintenance": OFF} if write.seq in unswitched else {}
            found[write.seq] = Written(device_id, None, instead=instead, detail="; ".join(told) if instead else None)
        return found

    def _left_out(self, write: Write, device_id: str) -> dict[str, str | None]:
        """Return what a device that was made with warnings holds where it should hold something else."""
        try:
            device = self.client.device(device_id)
        except TargetError as error:
            raise OutcomeUnknown(f"device #{device_id} was made, but could not be read: {error}") from None
        if device is None:
            return {}
        there = {name: device_value(name, device, frozenset(), self.root) for name in write.values if name != "maintenance"}
        return {name: value for name, value in there.items() if value != same_value(name, write.values[name])}

    def _templates(self, writes: Sequence[Write]) -> tuple[dict[int, Row], dict[int, Answer]]:
        """Return the templates by `seq`, and what is declined because no template can say it."""
        groups = self._known.groups()
        templates: dict[int, Row] = {}
        answers: dict[int, Answer] = {}
        for write in writes:
            try:
                templates[write.seq] = _template(write, groups)
            except Refused as refusal:
                answers[write.seq] = Declined(str(refusal))
        return templates, answers

    def _check_nothing_made(self, kind: Kind, writes: Sequence[Write], failure: Failed) -> None:
        """Raise the failure again where it left devices behind; else let fewer templates go together from now on.

        A 500 is an answer: what it has not stored by then it never will. That one row alone may be the reason is not
        looked into, because each look costs a listing.
        """
        keys = {(kind.name, write.seq) for write in writes}
        self._unsure |= keys
        if not self.find(kind, writes).empty:
            raise failure
        self._unsure -= keys
        self._together = min(self._together, max(1, len(writes) // 2))

    def _begin_maintenance(self, writes: Sequence[Write], ids: Mapping[int, str], message: str) -> dict[int, str]:
        """Switch maintenance on for new devices that are to be in it, as no template can; return why not, by `seq`."""
        wanted = {ids[write.seq]: write.seq for write in writes if write.values.get("maintenance") == ON}
        if not wanted:
            return {}
        try:
            refused = self.client.set_maintenance(list(wanted), on=True, reason=message)
        except TargetError as error:
            # The devices are there whatever became of this; one that is in maintenance all the same lacks nothing.
            refused = dict.fromkeys(wanted, str(error))
        return {wanted[one]: f"not put into maintenance: {why}" for one, why in refused.items()}


def _template(write: Write, groups: Groups) -> Row:
    """Return the template that creates a device (facts/wug.md §4). Raises `Refused` for what none can say."""
    values = write.values
    ip = filled("address", values.get("address"))
    template: Row = {
        "templateId": str(write.seq),
        "displayName": values.get("name") or values.get("host_name") or ip,
        "interfaces": [
            {
                "defaultInterface": True,
                "pollUsingNetworkName": False,
                "networkAddress": ip,
                "networkName": values.get("host_name") or ip,
            }
        ],
        "attributes": [{"name": name, "value": value} for name, value in attribute_values(values).items() if value is not None],
        "activeMonitors": [{"classId": "", "name": "Ping"}],
    }
    if values.get("group"):
        template["groups"] = [_reference(group_at(values["group"], groups))]
    named = {"primaryRole": "role", "brand": "brand", "os": "os", "note": "note"}
    return template | {name: values[field] for name, field in named.items() if values.get(field)}


def _reference(group: Group) -> Row:
    """Return how a template names a group: with its parents from My Network on, as templates are read.

    Without parents it would be the oldest of its name, wherever that is.
    """
    *parents, name = group.path
    return {"parents": [ROOT_NAME, *parents], "name": name}
