"""pg_dump reaches what our own lines reach, and nobody ends what has to wait for it."""

from contextlib import closing

from models.database import Database
from tests.databases import administer, scratch
from tests.models.test_replica import place_of
from tests.upkeep.backups import stage
from upkeep.backups import making, manifest


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
