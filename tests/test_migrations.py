"""The schema: up, down and up again on both databases, and equal to the models."""

import subprocess
import sys
import threading
from contextlib import closing

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

import migrations
from dialers.vocabulary import FLAGS
from lib import ids
from models import Base, CallOutcome
from models.database import Database
from outcomes import stood
from queries import shape
from tests import factories
from tests.databases import administer, parts_of, scratch


def tables(database):
    engine = create_engine(database.url)
    names = set(inspect(engine).get_table_names()) | set(inspect(engine).get_view_names())
    with engine.connect() as connection:
        names -= parts_of(connection)
    engine.dispose()
    return names


def test_up_down_and_up_again(untouched):
    migrations.upgrade(untouched)
    full = tables(untouched)
    assert full == set(Base.metadata.tables) | {"alembic_version", "call_outcomes_v1", "leads_v1", "loads_v1"}

    migrations.downgrade(untouched, "base")
    assert tables(untouched) == {"alembic_version"}

    migrations.upgrade(untouched)
    assert tables(untouched) == full


def test_upgrading_twice_changes_nothing(database):
    migrations.upgrade(database)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM change_feed")).scalar() == 1


def test_a_limit_of_time_that_the_server_has_ends_no_migration(postgresql_server):
    """Of the role, or of a managed server: that would end whoever waits while another one migrates, and a long migration ever
    again."""
    with scratch(postgresql_server) as url, closing(Database(url)) as database:
        administer(postgresql_server, f"ALTER DATABASE {database.url.database} SET statement_timeout = '1s'")
        with psycopg.connect(database.url.set(drivername="postgresql").render_as_string(hide_password=False)) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [0x77726170])  # as migrations/env.py takes it
            migrating = threading.Thread(target=migrations.upgrade, args=(database,))
            migrating.start()
            migrating.join(2.0)
            other.rollback()
        migrating.join()
        assert "receipts" in tables(database)


def test_models_equal_the_migrated_schema(database):
    with database.read() as session:
        parts = parts_of(session.connection())

        def stands_for_itself(thing, name, kind, *_):
            """Not the parts of receipts on PostgreSQL, nor what stands on each of these alone."""
            return name not in parts and (name != "uq_receipts_report_content" or not parts)

        options = {"compare_type": True, "include_object": stands_for_itself}
        context = MigrationContext.configure(session.connection(), opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_view_has_every_documented_column(database):
    internal = {"group_id", "attempt_key", "settle_by", "set_by", "changed_fields", *stood.COLUMNS}
    with database.read() as session:
        columns = set(session.execute(text("SELECT * FROM call_outcomes_v1")).keys())
    assert (
        columns - {f"is_{flag}" for flag in FLAGS}
        == {column.name for column in CallOutcome.__table__.columns} - internal
    )
    assert columns - {f"is_{flag}" for flag in FLAGS} == set(shape.COLUMNS)


def test_the_view_says_of_each_flag_whether_it_is_raised(database):
    raised = [[], ["contact"], ["contact", "sale"], ["not_interested"], sorted(FLAGS)]
    with database.write() as session:
        for number, flags in enumerate(raised, 1):
            factories.outcome(session, flags=flags, position=number, disposition='is it a "sale"?')
    with database.read() as session:
        rows = session.execute(text("SELECT * FROM call_outcomes_v1 ORDER BY position")).mappings().all()
    assert [[flag for flag in sorted(FLAGS) if row[f"is_{flag}"]] for row in rows] == raised
    no, yes = (0, 1) if database.is_sqlite else (False, True)
    assert {type(row[f"is_{flag}"]) for row in rows for flag in FLAGS} == {type(no)}
    assert (rows[0]["is_sale"], rows[2]["is_sale"]) == (no, yes)


def test_durations_of_before_were_stated_and_grants_on_the_view_stay(untouched):
    migrations.upgrade(untouched, "0007")
    columns = {"id": f"'{ids.new()}'", "group_id": f"'{ids.new()}'", "talk_seconds": "0", "duration_seconds": "NULL"}
    columns |= dict.fromkeys(("connection", "dialer", "attempt_key"), "'x'")
    columns |= {"connect_outcome": "'connected'", "settling": "'settled'", "is_final": "true", "flags": "'[]'"}
    columns |= {"custom_fields": "'{}'", "sources": "'[]'", "set_by": "'{}'", "revision": "7", "position": "1"}
    columns |= dict.fromkeys(("first_seen_at", "changed_at", "occurred_at"), "'2026-11-18 10:00:00.000000'")
    with untouched.write() as session:
        session.execute(
            text(f"INSERT INTO call_groups (id, connection, dialer) VALUES ({columns['group_id']}, 'x', 'ryng')")
        )
        session.execute(
            text(f"INSERT INTO call_outcomes ({', '.join(columns)}) VALUES ({', '.join(columns.values())})")
        )
        if not untouched.is_sqlite:
            session.execute(text("GRANT SELECT ON call_outcomes_v1 TO PUBLIC"))
            session.execute(text("CREATE VIEW of_an_analyst AS SELECT id FROM call_outcomes_v1"))
    migrations.upgrade(untouched)
    with untouched.read() as session:
        names = "talk_source, duration_source, revision, position, caller_number"
        assert session.execute(text(f"SELECT {names} FROM call_outcomes_v1")).one() == ("stated", None, 7, 1, None)
        if not untouched.is_sqlite:
            assert session.scalar(text("SELECT has_table_privilege('public', 'call_outcomes_v1', 'SELECT')"))


def test_campaigns_that_were_listed_before_have_their_names(untouched):
    migrations.upgrade(untouched)
    with untouched.write() as session:
        for at, (campaign, name) in enumerate(
            [("1", "Old"), ("1", "Old"), ("1", "New"), ("2", "x" * 501), ("3", None)]
        ):
            factories.campaign(session, campaign_id=campaign, name=name, seen_at=factories.NOON + factories.minutes(at))
        factories.load(session, ["accepted", "unknown", "rejected", "pending"])
    migrations.downgrade(untouched, "0012")
    migrations.upgrade(untouched)
    with untouched.read() as session:
        told = session.execute(
            text("SELECT name, campaign_id, news_at IS NOT NULL FROM campaign_names ORDER BY name")
        ).all()
        leads = "SELECT state FROM loaded_leads WHERE news_at IS NOT NULL ORDER BY state"
        assert session.scalars(text(leads)).all() == ["accepted", "unknown"]
    assert [tuple(row) for row in told] == [("New", "1", True), ("Old", "1", True)]


def test_what_migrates_is_not_loaded_where_the_schema_is_present(database, database_url):
    script = "import sys, migrations; from models.database import Database; migrations.upgrade(Database(sys.argv[1])); "
    script += "print([name for name in sys.modules if name.startswith('alembic')])"
    done = subprocess.run([sys.executable, "-c", script, database_url], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
