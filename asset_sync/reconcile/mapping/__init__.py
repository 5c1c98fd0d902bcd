"""Mapping: from the columns of a source to the fields of a kind, by names that a person writes into a YAML file.

Reading order: `model` (what can be written), `conditions` (which rows are meant), `transforms`, `wording` (from a column to
what the source says), `networks` (addresses with their prefix lengths), `reading` (all fields of a kind).
"""

from asset_sync.reconcile.mapping.conditions import Condition, chosen
from asset_sync.reconcile.mapping.model import FieldMapping, Network, PrefixLengths, Regex, Rule, Unit
from asset_sync.reconcile.mapping.reading import Mapped, mapped, why_not
from asset_sync.reconcile.mapping.transforms import TRANSFORMS

__all__ = [
    "TRANSFORMS",
    "Condition",
    "FieldMapping",
    "Mapped",
    "Network",
    "PrefixLengths",
    "Regex",
    "Rule",
    "Unit",
    "chosen",
    "mapped",
    "why_not",
]
