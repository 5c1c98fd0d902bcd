"""Hosts as a source: a machine tells its own state, in one JSON document.

Reading order: `collect` (what runs on the machine, and is copied there alone), `shapes` (the document, typed), `document` (how
one is read that anybody may have written), `conforming` (what is left out of it), `remote` (collecting over ssh).
"""

from asset_sync.systems.hosts.document import DocumentRefused, Parsed, parse
from asset_sync.systems.hosts.shapes import HostDocument

__all__ = ["DocumentRefused", "HostDocument", "Parsed", "parse"]
