"""From a service's JSON to rooms, by the names that the config gives."""

from probes.mapping.document import Columns, Document, Reading, Table
from probes.mapping.pieces import NotInPieces

__all__ = ["Columns", "Document", "NotInPieces", "Reading", "Table"]
