"""Indexes that a migration leaves to the worker, because the table is large."""

import pytest
from sqlalchemy import text

import migrations
from dialers import vocabulary
from models.building import Builder
from models.database import Database
from models.searching import AGENT_FIELDS, FLAGS, SEARCHED
from outcomes.corrections import AGENT
from tests import factories
from tests.conftest import empty_database

NAMES = {str(index.name) for index in SEARCHED}
BUILT = (
    "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE i.indrelid = 'call_outcomes'::regclass AND i.indisvalid"
)


def built(database) -> dict[str, str]:
    with database.read() as session:
        found = dict(session.execute(text(BUILT)).all())
    return {name: found[name] for name in found.keys() & NAMES}


def test_the_words_are_those_of_elsewhere():
    assert set(FLAGS) == set(vocabulary.FLAGS) and set(AGENT_FIELDS) == set(AGENT)


@pytest.mark.slow  # and needs PostgreSQL
def test_what_a_large_table_lacks_is_built_as_a_migration_builds_it(request, tmp_path):
    with empty_database(request, tmp_path, "postgresql") as url:
        database = Database(url)
        migrations.upgrade(database)
        with database.write() as session:
            factories.many_calls(session, 100_001)
        migrations.downgrade(database, "0020")
        migrations.upgrade(database)
        assert not built(database)
        builder = Builder(database)
        while builder.step():
            pass
        assert built(database).keys() == NAMES
        by_worker = built(database)
        with database.write() as session:
            session.execute(
                text(
                    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass('ix_call_outcomes_by_sale')"
                )
            )
        again = Builder(database)
        assert again.step() and not again.step() and not again.step()
        assert built(database) == by_worker
        with database.write() as session:
            session.execute(text("TRUNCATE call_outcomes"))
        migrations.downgrade(database, "0020")
        assert not built(database)
        migrations.upgrade(database)
        assert built(database) == by_worker
        database.close()


def test_on_sqlite_nothing_is_left(request, tmp_path):
    with empty_database(request, tmp_path, "sqlite") as url:
        database = Database(url)
        migrations.upgrade(database)
        written = "SELECT name FROM sqlite_master WHERE type = 'index'"
        with database.read() as session:
            assert set(session.scalars(text(written))) >= NAMES
        assert not Builder(database).step()
        database.close()
