"""Drafts for tests of the stores, told apart by a number."""

from dataclasses import replace

import orjson
from sqlalchemy import select

from callbacks.draft import Draft
from lib import clock
from models import Receipt
from models.database import Database


def draft(number: int = 0, **facts) -> Draft:
    body = orjson.dumps({"callID": number})
    known = Draft("ryng", "ryng", "terminal", clock.now(), "POST", None, {}, body, len(body), False, None)
    return replace(known, **facts)


def kept(database: Database) -> list[int]:
    """The numbers of those that the database has."""
    with database.read() as session:
        return sorted(orjson.loads(body)["callID"] for body in session.scalars(select(Receipt.body)))
