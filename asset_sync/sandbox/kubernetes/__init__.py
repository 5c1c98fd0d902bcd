"""A Kubernetes cluster with a Hedgehog fabric in it, simulated: a real HTTP server that answers as the API server does.

`kinds` and `schema` (the real definitions), `admission` and `store` (what is stored), `listing`, `watching`, `discovery` and
`app` (what is answered), `fabric` and `observed` (a fabric of any size, and what its switches tell), `days` (how it changes).
"""

from asset_sync.sandbox.kubernetes.access import DEFAULT_ACCOUNTS, READ, WRITE, Account
from asset_sync.sandbox.kubernetes.app import FAULTS, create_app
from asset_sync.sandbox.kubernetes.days import Change, FabricDays
from asset_sync.sandbox.kubernetes.fabric import Shape
from asset_sync.sandbox.kubernetes.kinds import Kind, known, named
from asset_sync.sandbox.kubernetes.statuses import ApiError
from asset_sync.sandbox.kubernetes.store import Cluster

__all__ = [
    "DEFAULT_ACCOUNTS",
    "FAULTS",
    "READ",
    "WRITE",
    "Account",
    "ApiError",
    "Change",
    "Cluster",
    "FabricDays",
    "Kind",
    "Shape",
    "create_app",
    "known",
    "named",
]
