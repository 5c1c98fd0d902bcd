"""WhatsUp Gold as a `reconcile.target.Target`: devices made by templates, changed one by one, and read as seldom as can be.

WhatsUp Gold has no versions, so that nothing is compared while it is written: `reconcile.apply` reads before it writes. A
template always makes a device, whatever is there already (facts/wug.md §3).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, cast

import pandas as pd

from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import Answer, Declined, OutcomeUnknown, Refused, Write, Written
from asset_sync.systems.http import Tally
from asset_sync.systems.wug.client import WugClient
from asset_sync.systems.wug.extract import device_table, device_value, group_table, same_value
from asset_sync.systems.wug.kinds import GROUP, ON, attribute_name
from asset_sync.systems.wug.known import Known
from asset_sync.systems.wug.records import ROOT_ID, ROOT_NAME, Group, group_path, is_below
from asset_sync.systems.wug.wire import Failed, Gone, Row

_DEVICES: Final = 50
"""How many templates go together: requests with many have been answered 500 where single ones worked (facts/wug.md §1)."""
_GROUPS: Final = 1000
"""One batch for all groups that anybody has: parents must be there before their children."""
_ROLES: Final[tuple[Literal["role", "brand", "os"], ...]] = ("role", "brand", "os")

Groups = Mapping[str, Group]


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
            paths = {path for _, path in wanted}
            groups = self._known.groups(anew=anew)
            return group_table(kind, [group for path, group in groups.items() if path in paths], self.root)
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
        """Change devices, one by one but for maintenance; what the server refuses of a batch is declined, with its words."""
        if kind.name == GROUP.name:
            return {write.seq: Declined("groups of WhatsUp Gold are made here, but not changed") for write in writes}
        ids = [str(write.target_id) for write in writes]
        try:
            return self._update_devices(writes, message)
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
        return self.client.scans.start(_group(path, self._known.groups()).id, addresses)

    # Groups.

    def _create_groups(self, writes: Sequence[Write]) -> dict[int, Answer]:
        answers: dict[int, Answer] = {}
        for write in sorted(writes, key=lambda write: str(write.values["path"]).count("/")):
            try:
                group = self._create_group(str(write.values["path"]), write.values.get("description"))
            except Refused as refusal:
                answers[write.seq] = Declined(str(refusal))
            else:
                self._known.made(group)
                answers[write.seq] = Written(group.id, None)
        return answers

    def _create_group(self, path: str, description: str | None) -> Group:
        above, _, name = path.rpartition("/")
        parent = _group(above, self._known.groups()) if above else Group(ROOT_ID, (), None)
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
        words = {seq: created.messages.get(str(seq), "") for seq in templates}
        ids = {seq: created.ids[str(seq)] for seq in templates if str(seq) in created.ids}
        refused = self._begin_maintenance([w for w in writes if w.seq in ids], ids, message)
        made = {seq: refused.get(seq) or Written(device_id, None) for seq, device_id in ids.items()}
        return answers | {seq: Declined(words[seq]) for seq in templates if seq not in ids} | made

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

    def _begin_maintenance(self, writes: Sequence[Write], ids: Mapping[int, str], message: str) -> dict[int, Declined]:
        """Switch maintenance on for new devices that are to be in it, as no template can; return what was refused by `seq`."""
        wanted = {ids[write.seq]: write.seq for write in writes if write.values.get("maintenance") == ON}
        refused = self._switch(list(wanted), message, on=True) if wanted else {}
        return {wanted[one]: Declined(f"made as #{one}, but not put into maintenance: {why}") for one, why in refused.items()}

    # Updating devices.

    def _update_devices(self, writes: Sequence[Write], message: str) -> dict[int, Answer]:
        answers: dict[int, Answer] = {}
        switched: dict[bool, list[Write]] = defaultdict(list)
        for write in writes:
            answer = self._attempt(write)
            if answer is None:
                continue
            answers[write.seq] = answer
            if isinstance(answer, Written) and "maintenance" in write.values:
                switched[write.values["maintenance"] == ON].append(write)
        for on, batch in switched.items():
            refused = self._switch([str(write.target_id) for write in batch], message, on=on)
            for write in batch:
                if why := refused.get(str(write.target_id)):
                    self._decline(answers, write, why)
        return answers

    def _attempt(self, write: Write) -> Answer | None:
        """Make all changes of a write but maintenance, until one is refused; None where the device is gone."""
        device_id = str(write.target_id)
        try:
            self._change(device_id, write.values)
        except Refused as refusal:
            return Declined(str(refusal))
        except Gone as missing:
            # It may be a role that there is not.
            return Declined(str(missing)) if self.client.device(device_id) else None
        return Written(device_id, None)

    def _decline(self, answers: dict[int, Answer], write: Write, why: str) -> None:
        if self.client.device(str(write.target_id)):
            answers[write.seq] = Declined(why)
        else:
            del answers[write.seq]

    def _switch(self, ids: Sequence[str], message: str, *, on: bool) -> dict[str, str]:
        try:
            return self.client.set_maintenance(ids, on=on, reason=message)
        except (Gone, Refused) as refusal:
            return dict.fromkeys(ids, str(refusal))

    def _change(self, device_id: str, values: Mapping[str, Any]) -> None:
        if "address" in values or "host_name" in values:
            self._change_interface(device_id, values)
        if "name" in values or "note" in values:
            self.client.set_properties(device_id, _properties(values))
        for kind in _ROLES:
            if kind in values:
                self.client.set_role(device_id, kind, _filled(kind, values[kind]))
        if attributes := _attributes(values):
            self.client.change_attributes(device_id, attributes)
        if "group" in values:
            self._move(device_id, values["group"])

    def _change_interface(self, device_id: str, values: Mapping[str, Any]) -> None:
        ip = _filled("address", values["address"]) if "address" in values else None
        told = self._known.told(device_id)
        there = (told.interface if told else None) or self.client.default_interface(device_id)
        named = values.get("host_name")
        if named is None and ("host_name" in values or there.host_name is None):
            # A device always has a host name; the address stands for none, and takes it along.
            named = ip or there.address
        self.client.set_default_interface(device_id, there.id, ip=ip, host_name=named)

    def _move(self, device_id: str, path: str | None) -> None:
        """Put a device into a group below the root and out of all others there; groups elsewhere are not touched."""
        groups = self._known.groups()
        new = [_group(path, groups).id] if path else []
        device = self._known.devices([device_id]).devices.get(device_id)
        held = [group_path(one) for one in device.groups] if device else []
        old = [groups[one].id for one in held if one in groups and one != path and is_below(one, self.root)]
        self.client.change_groups(device_id, new, old)


def _template(write: Write, groups: Groups) -> Row:
    """Return the template that creates a device (facts/wug.md §4). Raises `Refused` for what none can say."""
    values = write.values
    ip = _filled("address", values.get("address"))
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
        "attributes": [{"name": name, "value": value} for name, value in _attributes(values).items() if value is not None],
        "activeMonitors": [{"classId": "", "name": "Ping"}],
    }
    if values.get("group"):
        template["groups"] = [_reference(_group(values["group"], groups), groups)]
    named = {"primaryRole": "role", "brand": "brand", "os": "os", "note": "note"}
    return template | {name: values[field] for name, field in named.items() if values.get(field)}


def _reference(group: Group, groups: Groups) -> Row:
    """Return how a template names a group. Without parents it would be the oldest of its name, wherever that is."""
    *parents, name = group.path
    alone = sum(one.path[-1].casefold() == name.casefold() for one in groups.values()) == 1
    return {"parents": parents or ([] if alone else [ROOT_NAME]), "name": name}


def _group(path: str, groups: Groups) -> Group:
    if path not in groups:
        raise Refused(f"there is no group {path!r} in WhatsUp Gold")
    return groups[path]


def _properties(values: Mapping[str, Any]) -> dict[Literal["displayName", "note"], str]:
    found: dict[Literal["displayName", "note"], str] = {}
    if "name" in values:
        found["displayName"] = _filled("name", values["name"])
    if "note" in values:
        found["note"] = values["note"] or ""
    return found


def _attributes(values: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: cast("str | None", value) for field, value in values.items() if (name := attribute_name(field))}


def _filled(field: str, value: Any) -> str:
    if not value:
        raise Refused(f"a device of WhatsUp Gold cannot be without {field}")
    return str(value)
