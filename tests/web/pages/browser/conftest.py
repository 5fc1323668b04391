"""A database with a day at a dialer, and Wrapup before it."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from dialers.base import Connection
from lib import clock, ids
from models import Erasure, ScheduledSend
from models.database import Database
from schedules import managing, noting
from schedules.settings import Settings
from service.app import create_app
from tests import factories
from tests.evidence import CONNECTIONS
from tests.schedules.rig import OPS, mail_of, view
from tests.web.conftest import settings_for
from tests.web.pages.day import lived
from web.context import context

SENDING = Settings(mail_of(9), tell=OPS)


@pytest.fixture(scope="module")
def day(sqlite_template, tmp_path_factory) -> Path:
    """A database with a day at a dialer, which takes some time to be lived."""
    path = tmp_path_factory.mktemp("day") / "wrapup.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    lived(database, clock.now())
    scheduled(database)
    administered(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


def scheduled(database):
    """A paused schedule, with a send in doubt, and one after it that left."""
    order = {
        "name": "Every morning " + "x" * 60,
        "view_id": view(database).id,
        "to": [OPS],
        "at": ["07:00"],
        "tz": "UTC",
    }
    with database.write() as session:
        row = managing.keep(session, order, "admin", SENDING, clock.now())
        managing.pause(session, row, clock.now())
        long_ago = {"settled_at": clock.now() - timedelta(days=3), "answer": "421 " + "y" * 60}
        for state in ("unknown", "sent"):
            one = noting.tried(session, row, clock.now() - timedelta(days=3))
            session.execute(update(ScheduledSend).where(ScheduledSend.id == one).values(state=state, **long_ago))


def administered(database):
    """A person who is being erased, one who was and of whom somebody has to be told, and a number that must not be called."""
    ago, stand_in = clock.now() - timedelta(days=3), "+380~9f86d081884c7d65"
    own = {"stand_in": stand_in, "key_id": "k", "by": "Ann " + "x" * 60, "keep_uncalled": True, "erased_at": ago}
    own |= {"counts": {"receipts": 4}, "touched": 4}
    told = [{"to": "sales", "records": ["501"], "made": [], "state": "by_hand", "said": None}]
    with database.write() as session:
        session.add(Erasure(id=ids.new(), step="scrub", state="done", told=told, left=["y" * 90], **own))
        waits = {"step": "files", "told": [], "left": [], "waits_for": "Callbacks wait in the spool."}
        session.add(Erasure(id=ids.new(), **own | waits))
        factories.take_out(session)


@pytest.fixture
def app(day, tmp_path):
    shutil.copy(day, tmp_path / "wrapup.db")
    connections = CONNECTIONS | {"qvoice-main": Connection("qvoice-main", "qvoice")}
    settings = settings_for(f"sqlite:///{tmp_path}/wrapup.db", tmp_path)
    app = create_app(replace(settings, connections=connections, schedules=SENDING))
    yield app
    context(app).database.close()


@pytest.fixture
def database(app):
    return context(app).database
