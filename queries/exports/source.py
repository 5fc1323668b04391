"""Where the rows of an export come from: the mirror, where there is one and all of many rows are wanted; else the tables."""

from collections.abc import Mapping
from typing import Any, BinaryIO

import structlog

from models.base import DUCKDB
from models.database import Database
from queries import selection
from queries.exports import making, reading
from queries.exports.choice import Choice
from queries.exports.reading import LINES, Pieces
from queries.mirror import streaming
from queries.mirror.manifest import Unusable
from queries.sources import MIRROR, TABLES, Sources

log = structlog.get_logger(__name__)

# By these few calls are looked for, which an index finds before the mirror has begun to read. The conditions of a figure may
# look at other calls, and the mirror gives a slice of time after the other.
_FEW = ("number", "agent", "lead_id", "crm_reference", "campaign_name", "changed_since", selection.OPENED)


def pieces(
    database: Database, sources: Sources, filters: Mapping[str, Any], choice: Choice, written: str
) -> tuple[Pieces, str]:
    """The matching rows, oldest call first, as ``reading.pieces`` gives them, and who gives them."""
    if _has_mirror(sources, filters):
        statement = reading.statement(DUCKDB, filters, choice, written)
        try:
            with database.snapshot() as session:
                return streaming.rows(session, sources.folder, statement, written == LINES), MIRROR
        except Unusable as error:
            log.warning("mirror_not_asked", why=str(error))
    return reading.pieces(database, filters, choice, written), TABLES


def parquet(database: Database, sources: Sources, filters: Mapping[str, Any], choice: Choice) -> BinaryIO | None:
    """A file of Parquet of the matching rows, made by the mirror; None where it cannot. Raises ``making.NotMade``."""
    if not _has_mirror(sources, filters):
        return None
    making.look_for_room()
    try:
        with database.snapshot() as session:
            return streaming.file(
                session, sources.folder, reading.plain_columns(filters, choice), choice.order().types()
            )
    except Unusable as error:
        log.warning("mirror_not_asked", why=str(error))
        return None
    except streaming.Broken as error:
        making.look_for_room()
        raise making.NotMade(str(error)) from error


def _has_mirror(sources: Sources, filters: Mapping[str, Any]) -> bool:
    return sources.has_mirror(filters) and not any(filters.get(name) for name in _FEW)
