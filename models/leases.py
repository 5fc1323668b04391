"""Leases: a row is somebody's for a while, so that no two processes do the same at once.

Whoever changes the row names the lease; an update that touches no row means that the lease was lost, to a clock that jumped or to
a pause that was too long, and that somebody else holds it now. Cursors are taken, renewed and
left in ``polling.cursors``, desks in ``leads.desks``, decisions in ``outcomes.applying``.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_

from models.database import AnyColumn

FREE = {"lease_owner": None, "lease_until": None}


class LeaseLost(Exception):
    """Somebody else holds the row now."""


def is_free(until: datetime | None, at: datetime, span: timedelta) -> bool:
    """Whether nobody holds it; leases last for ``span``. One that ends absurdly late was given by a clock that has been set back.
    Its twin in SQL is ``free``."""
    return until is None or not at < until <= at + 2 * span


def free(until: AnyColumn, at: datetime, span: timedelta) -> ColumnElement[bool]:
    """The same of a column. Its twin is ``is_free``."""
    return or_(until.is_(None), until <= at, until > at + 2 * span)
