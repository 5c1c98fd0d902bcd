"""The tree of device groups."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from asset_sync.sandbox.wug.errors import bad_request, not_found
from asset_sync.sandbox.wug.records import ALL_ID, ROOT_ID, Group, GroupType

ROOT_NAME = "My Network"
DISCOVERED = "Discovered Devices"


class GroupTree:
    """All groups, below "My Network" with the id "0"; "Discovered Devices" is its child from the start.

    Ids are given in ascending order, so that the oldest of a name is the first.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._groups: dict[str, Group] = {ROOT_ID: Group(ROOT_ID, ROOT_NAME, "")}
        self.add(DISCOVERED)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def __contains__(self, group_id: str) -> bool:
        return group_id in self._groups

    def get(self, group_id: str) -> Group:
        """The group of that id, "-1" being the root. Raises ApiError (404)."""
        group = self._groups.get(ROOT_ID if group_id == ALL_ID else group_id)
        if group is None:
            raise not_found("device group", group_id)
        return group

    def add(self, name: str, parent: str = ROOT_ID, description: str = "", kind: GroupType = "static_group") -> Group:
        """A new group. Raises ApiError: 404 without that parent, 400 where the name is empty or taken below it."""
        above = self.get(parent)
        if not name.strip():
            raise bad_request("a device group needs a name")
        if above.type != "static_group":
            raise bad_request(f"{above.name!r} is no static group")
        if self.child(above.id, name):
            raise bad_request(f"a device group {name!r} exists already below {above.name!r}")
        group = Group(self._new_id(), name, above.id, description, kind)
        self._groups[group.id] = group
        return group

    def remove(self, group_id: str) -> None:
        """Take a group without children away."""
        del self._groups[group_id]

    def children(self, group_id: str) -> list[Group]:
        """The groups directly below that one."""
        return [group for group in self if group.parent == group_id]

    def child(self, group_id: str, name: str) -> Group | None:
        """The group of that name, whatever its case, directly below that one."""
        return next((one for one in self.children(group_id) if one.name.casefold() == name.casefold()), None)

    def below(self, group_id: str) -> list[Group]:
        """All groups below that one, at any depth."""
        children: dict[str, list[Group]] = defaultdict(list)
        for group in self:
            children[group.parent].append(group)
        found = list(children[group_id])
        for group in found:
            found.extend(children[group.id])
        return found

    def lineage(self, group_id: str) -> list[Group]:
        """The group and what is above it, from the root down to it."""
        found = [self.get(group_id)]
        while found[0].parent:
            found.insert(0, self.get(found[0].parent))
        return found

    def find(self, name: str, parents: Sequence[str] = ()) -> Group | None:
        """The group below a path from "My Network", which may itself be the path's start; without a path the oldest."""
        if not parents:
            return next((group for group in self if group.name.casefold() == name.casefold()), None)
        steps = [*parents, name]
        if steps[0].casefold() == ROOT_NAME.casefold():
            del steps[0]
        found: Group | None = self.get(ROOT_ID)
        for step in steps:
            found = self.child(found.id, step) if found else None
        return found
