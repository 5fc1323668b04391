"""The schema: up, down and up again on both databases, and equal to the models."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

import migrations
from models import Base, CallOutcome
from models.database import Database
from tests.conftest import empty_database


@pytest.fixture(params=["sqlite", "postgresql"])
def untouched(request, tmp_path):
    with empty_database(request, tmp_path, request.param) as url:
        database = Database(url)
        yield database
        database.close()


def tables(database):
    engine = create_engine(database.url)
    names = set(inspect(engine).get_table_names()) | set(inspect(engine).get_view_names())
    engine.dispose()
    return names


def test_up_down_and_up_again(untouched):
    migrations.upgrade(untouched)
    full = tables(untouched)
    assert full == set(Base.metadata.tables) | {"alembic_version", "call_outcomes_v1"}

    migrations.downgrade(untouched, "base")
    assert tables(untouched) == {"alembic_version"}

    migrations.upgrade(untouched)
    assert tables(untouched) == full


def test_upgrading_twice_changes_nothing(database):
    migrations.upgrade(database)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM change_feed")).scalar() == 1


def test_models_equal_the_migrated_schema(database):
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_view_has_every_documented_column(database):
    internal = {"group_id", "attempt_key", "occurred_at", "settle_by", "set_by", "position", "changed_fields"}
    with database.read() as session:
        columns = set(session.execute(text("SELECT * FROM call_outcomes_v1")).keys())
    assert columns == {column.name for column in CallOutcome.__table__.columns} - internal
