"""PDQ export files as a source: a CSV, XLSX or JSON file becomes the same device table as the API gives.

Nothing first-party is known of the files' form (facts/pdq.md, b): the reader is tolerant of how a table is written down,
and refuses, in one line, everything that may not be the whole of it.
"""

from asset_sync.systems.pdq_export.columns import Columns
from asset_sync.systems.pdq_export.files import fingerprint, is_candidate
from asset_sync.systems.pdq_export.known import with_known_ids
from asset_sync.systems.pdq_export.limits import Limits
from asset_sync.systems.pdq_export.reader import Export, read
from asset_sync.systems.pdq_export.refusal import ExportRefused

__all__ = ["Columns", "Export", "ExportRefused", "Limits", "fingerprint", "is_candidate", "read", "with_known_ids"]
