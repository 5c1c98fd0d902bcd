"""The roles, and whoever has some."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

Role = Literal["see", "approve", "operate"]
"""see: read everything. approve: decide about plans and held records. operate: apply, undo, run."""
ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `name` is None where it is a token that several may hold: then a decision says by whom it is."""

    name: str | None
    may: frozenset[Role]

    def signs(self, given: str) -> str:
        """Return the name that is kept with a decision: a person's own wins over the one that was sent."""
        return self.name or given


def with_sight(roles: Iterable[Role]) -> frozenset[Role]:
    """Return what these roles come to: whoever may do something sees what there is, too."""
    given = frozenset(roles)
    return given | {"see"} if given else given
