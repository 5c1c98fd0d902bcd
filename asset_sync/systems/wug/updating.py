"""Devices changed part by part: each write has an answer of its own, which is what the server stored.

A part of a device (`kinds.DEVICE`) is stored by a request of its own. Only attributes of one device and the maintenance of
several go together, because the server answers for each; where it cannot be told from the answer what was stored, as after a
500 or an error beside successes, the device is read again. What such a request took away without storing anything in its place
is put back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.target import Answer, Declined, OutcomeUnknown, Refused, Write, Written
from asset_sync.systems.wug.client import WugClient
from asset_sync.systems.wug.extract import device_value, same_value
from asset_sync.systems.wug.kinds import ON
from asset_sync.systems.wug.known import Known
from asset_sync.systems.wug.records import Device, group_path, is_below
from asset_sync.systems.wug.values import attribute_values, filled, group_at
from asset_sync.systems.wug.wire import Failed, Gone

Answers = dict[int, Answer | None]
"""Answers by `seq`; None is for a device that is gone."""


@dataclass(frozen=True, slots=True)
class _Request:
    """Writes that go together, and what sends them: it returns the words of what was refused, by the device's id."""

    writes: Sequence[Write]
    send: Callable[[], Mapping[str, str]]


class DeviceUpdates:
    """One batch of changes of devices on its way; `root` is the path of the group that is the sync's own.

    `message` is told to the server where it takes one.
    """

    def __init__(self, client: WugClient, known: Known, root: str, message: str) -> None:
        self._client = client
        self._known = known
        self._root = root
        self._message = message

    def carry_out(self, writes: Sequence[Write]) -> dict[int, Answer]:
        """Make the changes and return what became of each, by `seq`; those of devices that are gone are missing.

        Raises `OutcomeUnknown` where the fate of one is unknown, and `TargetError` where not even the first could be sent.
        """
        answers: Answers = {}
        for request in self._requests(writes):
            try:
                answers |= self._answered(request)
            except OutcomeUnknown:
                raise
            except TargetError as error:
                if not answers:
                    raise
                answers = {**not_stored(writes, error), **answers}
                break
        return {seq: answer for seq, answer in answers.items() if answer is not None}

    def _requests(self, writes: Sequence[Write]) -> Iterator[_Request]:
        attributes: dict[str, list[Write]] = defaultdict(list)
        modes: dict[bool, list[Write]] = defaultdict(list)
        for write in writes:
            if "maintenance" in write.values:
                modes[write.values["maintenance"] == ON].append(write)
            elif attribute_values(write.values):
                attributes[str(write.target_id)].append(write)
            else:
                yield _Request([write], partial(self._change, str(write.target_id), write.values))
        for device_id, own in attributes.items():
            yield _Request(own, partial(self._change_attributes, device_id, own))
        for on, together in modes.items():
            yield _Request(together, partial(self._switch, together, on=on))

    # What became of a request.

    def _answered(self, request: _Request) -> Answers:
        try:
            refused = request.send()
        except Refused as refusal:
            return {write.seq: Declined(str(refusal)) for write in request.writes}
        except (Failed, Gone) as error:
            return self._as_it_stands(request.writes, dict.fromkeys(_ids(request.writes), str(error)))
        stored = [write for write in request.writes if write.target_id not in refused]
        others = [write for write in request.writes if write.target_id in refused]
        return {write.seq: Written(str(write.target_id), None) for write in stored} | self._as_it_stands(others, refused)

    def _as_it_stands(self, writes: Sequence[Write], why: Mapping[str, str]) -> Answers:
        """Read the devices again and tell what was stored after all; what was not is declined with the words, by device."""
        try:
            devices = {device_id: self._client.device(device_id) for device_id in _ids(writes)}
            asked = any("maintenance" in write.values for write in writes)
            maintenance = self._client.in_maintenance() if asked else frozenset[str]()
        except TargetError as error:
            raise OutcomeUnknown(f"{next(iter(why.values()))}; what was stored could not be read: {error}") from None
        answers: Answers = {}
        for write in writes:
            device = devices[str(write.target_id)]
            if device is None:
                answers[write.seq] = None
            elif self._holds(device, maintenance, write):
                answers[write.seq] = Written(device.id, None)
            else:
                answers[write.seq] = Declined(why[device.id])
        return answers

    def _holds(self, device: Device, maintenance: frozenset[str], write: Write) -> bool:
        return all(
            device_value(name, device, maintenance, self._root) == same_value(name, value)
            for name, value in write.values.items()
        )

    # The requests.

    def _change(self, device_id: str, values: Mapping[str, Any]) -> Mapping[str, str]:
        """Store a part that goes alone."""
        ((field, value), *_) = values.items()
        match field:
            case "address" | "host_name":
                self._change_interface(device_id, values)
            case "name":
                self._client.set_properties(device_id, {"displayName": value or self._address(device_id)})
            case "note":
                self._client.set_properties(device_id, {"note": value or ""})
            case "group":
                self._move(device_id, value)
            case "role" | "brand" | "os":
                self._change_role(device_id, field, value)
        return {}

    def _change_interface(self, device_id: str, values: Mapping[str, Any]) -> None:
        ip = filled("address", values["address"]) if "address" in values else None
        told = self._known.told(device_id)
        there = (told.interface if told else None) or self._client.default_interface(device_id)
        named = values.get("host_name")
        if named is None and ("host_name" in values or there.host_name is None):
            # A device always has a host name; the address stands for none, and takes it along.
            named = ip or there.address
        self._client.set_default_interface(device_id, there.id, ip=ip, host_name=named)

    def _change_role(self, device_id: str, kind: Literal["role", "brand", "os"], value: str | None) -> None:
        if value is None and kind != "role":
            self._client.clear_role(device_id, kind)
        else:
            self._client.set_role(device_id, kind, filled(kind, value))

    def _change_attributes(self, device_id: str, writes: Sequence[Write]) -> Mapping[str, str]:
        new = {name: value for write in writes for name, value in attribute_values(write.values).items()}
        before = self._device(device_id).attributes
        try:
            self._client.change_attributes(device_id, new)
        except Failed as failure:
            now = self._now(device_id, failure).attributes
            lost = {name: before.get(name) for name in new if now.get(name) not in (new[name], before.get(name))}
            if lost:
                self._put_back(lambda: self._client.change_attributes(device_id, lost), ", ".join(lost), failure)
            raise
        return {}

    def _move(self, device_id: str, path: str | None) -> None:
        """Put a device into a group below the root and out of all others there; groups elsewhere are not touched."""
        groups = self._known.groups()
        new = [group_at(path, groups).id] if path else []
        held = [groups[one].id for one in map(group_path, self._device(device_id).groups) if one in groups]
        own = {group.id for at, group in groups.items() if is_below(at, self._root)}
        try:
            self._client.change_groups(device_id, new, [one for one in held if one in own and one not in new])
        except Failed as failure:
            now = {groups[one].id for one in map(group_path, self._now(device_id, failure).groups) if one in groups}
            left = [one for one in held if one not in now]
            if left and now.isdisjoint(new):
                self._put_back(lambda: self._client.change_groups(device_id, left, []), "its group", failure)
            raise

    def _switch(self, writes: Sequence[Write], *, on: bool) -> Mapping[str, str]:
        return self._client.set_maintenance(_ids(writes), on=on, reason=self._message)

    # Reading.

    def _device(self, device_id: str) -> Device:
        """Return a device as it was before this batch. Raises `Gone`."""
        device = self._known.told(device_id) or self._client.device(device_id)
        if device is None:
            raise Gone(f"device {device_id} is gone")
        return device

    def _address(self, device_id: str) -> str:
        """Return the address of a device, which stands for its name where it has none. Raises `Gone`."""
        device = self._client.device(device_id)
        if device is None:
            raise Gone(f"device {device_id} is gone")
        return filled("name", device.address)

    def _now(self, device_id: str, failure: Failed) -> Device:
        try:
            device = self._client.device(device_id)
        except TargetError as error:
            raise OutcomeUnknown(f"{failure}; what was stored could not be read: {error}") from None
        if device is None:
            raise Gone(f"device {device_id} is gone")
        return device

    def _put_back(self, write: Callable[[], None], what: str, failure: Failed) -> None:
        """Put back what was taken away for what was not stored; where that fails too, both are told."""
        try:
            write()
        except TargetError as error:
            raise Failed(f"{failure}; {what} was taken away, and could not be put back: {error}") from None


def not_stored(writes: Sequence[Write], error: TargetError) -> dict[int, Answer]:
    """Return what to answer for writes that were given up, so that those before them which were stored are not forgotten."""
    return {write.seq: Declined(f"not stored: {error}") for write in writes}


def _ids(writes: Sequence[Write]) -> list[str]:
    return list(dict.fromkeys(str(write.target_id) for write in writes))
