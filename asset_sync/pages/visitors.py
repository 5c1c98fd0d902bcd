"""Who may open which page: people alone, for what they decide is kept with their name."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends

from asset_sync.access.callers import needs, person
from asset_sync.access.roles import Caller, Role


def _name(role: Role) -> Callable[[Caller], str]:
    def name(found: Annotated[Caller, Depends(needs(role, person))]) -> str:
        return str(found.name)

    return name


SEE: Final = [Depends(needs("see", person))]
Approver = Annotated[str, Depends(_name("approve"))]
"""The name of the person who asks, and who may decide."""
Operator = Annotated[str, Depends(_name("operate"))]
"""The name of the person who asks, and who may apply and undo."""
