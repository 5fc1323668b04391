"""A backup is put back whole, into an empty place, and readers of the feed are told."""

import json
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import inspect, select, text, update

import migrations
from callbacks import spool
from dialers.base import Connection
from leads import desks, orders
from lib import clock, durable
from models import AlertState, LeadLoad, LoadedLead, PollCursor, leases
from models.database import Database
from models.schema import known
from outcomes import feed
from queries import health
from service.doctor.database import database as look_at
from tests import factories
from tests.upkeep.backups import stage
from upkeep.alerts.keepers import InTable
from upkeep.backups import beside, folders, making, manifest, restoring
from upkeep.backups.refused import Refused
from upkeep.beats import Beats, ages, other_hosts
from upkeep.metrics.workers import figures

NOON = factories.NOON


def made_of(database, tmp_path, at=NOON):
    return making.make(database, stage.beside(tmp_path / "data"), tmp_path / "backups", at=at)


def counts(database) -> dict:
    with database.read() as session:
        names = ("receipts", "call_events", "call_outcomes")
        return {name: session.scalar(text(f"SELECT count(*) FROM {name}")) for name in names}


def test_all_is_there_again_and_the_feed_begins_anew(database, tmp_path, request):
    stage.fill(database)
    made = made_of(database, tmp_path)
    with stage.empty_place(request, tmp_path / "other", database) as place:
        done = restoring.restore(made.folder, place, stage.prepare, at=NOON)
        with closing(Database(place.database_url)) as back, back.read() as session:
            assert counts(back) == {"receipts": 3, "call_events": 3, "call_outcomes": 3}
            state = feed.state(session)
            assert state == done.state
    assert state.epoch > 1 and state.stands_to == 3
    assert not state.has_given(feed.Place(3, 1, state.start))  # a cursor of before: 409
    assert (place.data_dir / "secrets" / "secret_key").read_text().strip() == stage.KEY
    assert (place.data_dir / "spool" / "000000000001.spool").read_bytes() == stage.lines(b"one", b"two")
    assert (place.data_dir / "erasures.jsonl").read_text() == stage.ERASED + "\n"
    assert json.loads((place.data_dir / "feed-place.json").read_text())["epoch"] == state.epoch
    assert not any("restoring" in path.name for path in place.data_dir.iterdir())
    assert any("RYNG_CALLBACK_TOKEN" in sentence for sentence in done.said)


def test_nobody_works_there_who_worked_when_it_was_saved(database, tmp_path, request):
    """Neither does a worker live, nor has one died, nor does anybody wait for what it held."""
    beats = Beats(database)
    beats.write()
    now = clock.now()
    with database.write() as session:
        desks.make(session, "ryng-main", now)
        assert desks.claim(session, Connection("ryng-main", "ryng"), now) is not None
        session.add(PollCursor(connection="qvoice-main", report="calls", layer="recent", due_at=now))
        session.flush()
        values = {"lease_owner": "a", "lease_until": now + leases.LONGEST, "last_started_at": now}
        session.execute(update(PollCursor).values(values))
    watch = InTable(database)
    assert watch.watches()
    made = made_of(database, tmp_path, clock.now())
    with stage.empty_place(request, tmp_path / "other", database) as place:
        restoring.restore(made.folder, place, stage.prepare)
        with closing(Database(place.database_url)) as back:
            with back.read() as session:
                assert ages(session, now) == {} and other_hosts(session) == []
                assert health.poll_states(session, {}, now)["qvoice-main"][0]["asked_since"] is None
                assert session.scalars(select(AlertState.lease_until)).all() == [None]
                assert [*figures(session, now)][0].samples == []
            with back.write() as session:
                assert desks.claim(session, Connection("ryng-main", "ryng"), now) is not None
            assert InTable(back).watches()
        said = {line.what: line.said for line in look_at(place.database_url)}
        assert said["worker"] == "None is known to run."
    with database.read() as session:
        assert "beats" in ages(session, now) and session.scalars(select(AlertState.lease_until)).one() > now


def test_leads_that_were_not_sent_then_are_sent_by_nobody_before_somebody_decides(database, tmp_path, request):
    """They may have been sent between the backup and the loss: twice sent is twice called."""
    with database.write() as session:
        factories.load(session, ("accepted", "sending", "pending", "rejected"), state="running", finished_at=None)
    made = made_of(database, tmp_path)
    with stage.empty_place(request, tmp_path / "other", database) as place:
        done = restoring.restore(made.folder, place, stage.prepare, at=NOON)
        with closing(Database(place.database_url)) as back, back.write() as session:
            assert not orders.any_pending(session, "ryng-main")
            states = list(session.scalars(select(LoadedLead.state).order_by(LoadedLead.ordinal)))
            orders.finish_through(session, "ryng-main", NOON)
            assert session.scalars(select(LeadLoad.state)).one() == "done"
    assert states == ["accepted", "unknown", "unknown", "rejected"]
    assert any("2 leads that had not been sent then may have been sent since" in sentence for sentence in done.said)


def test_what_nobody_understood_is_put_where_it_is_looked_at_each_time(sqlite_url, tmp_path):
    """Two backups, and one of them twice: no line is lost, and none is there twice."""
    data, place = tmp_path / "data", restoring.Place(tmp_path / "other", f"sqlite:///{tmp_path}/other/wrapup.db")
    with closing(Database(sqlite_url)) as database:
        migrations.upgrade(database)
        for number, line in enumerate((b"first", b"second")):
            own = stage.beside(data)
            (data / "spool" / "damaged").write_bytes(b"\n" + stage.lines(line))
            made = making.make(database, own, tmp_path / "backups", at=NOON + factories.minutes(number))
            for minute in (1, 2):
                at = NOON + factories.minutes(10 * number + minute)
                restoring.restore(made.folder, place, stage.prepare, over=True, at=at)
    lines = (place.data_dir / "spool" / "damaged").read_bytes()
    assert [lines.count(stage.lines(one)) for one in (b"first", b"second")] == [1, 1]
    assert [one for one in spool.read(place.data_dir / "spool") if one in (b"first", b"second")] == [
        b"first",
        b"second",
    ]


def test_its_places_are_above_what_this_host_has_seen(database, tmp_path, request):
    """A reader may have been told of them."""
    made = made_of(database, tmp_path)
    with stage.empty_place(request, tmp_path / "other", database) as place:
        (place.data_dir / "feed-place.json").write_text('{"epoch": 7, "position": 41000000}')
        done = restoring.restore(made.folder, place, stage.prepare, at=NOON)
    assert done.state.begins_above > 41_000_000 and done.state.epoch > 7


def test_an_older_release_s_backup_is_brought_to_the_present(untouched, tmp_path, request):
    migrations.upgrade(untouched, "0033")
    made = made_of(untouched, tmp_path)
    assert made.manifest.database.revision == "0033"
    with stage.empty_place(request, tmp_path / "other", untouched) as place:
        restoring.restore(made.folder, place, stage.prepare)
        with closing(Database(place.database_url)) as back, back.read() as session:
            assert session.scalar(text("SELECT version_num FROM alembic_version")) == max(known())


def test_a_newer_release_s_backup_is_refused(database, tmp_path, request):
    made = made_of(database, tmp_path)
    newer = replace(made.manifest, release="9.9", database=replace(made.manifest.database, revision="9999"))
    manifest.save(made.folder, newer)
    with stage.empty_place(request, tmp_path / "other", database) as place:
        with pytest.raises(Refused, match=r"newer release of Wrapup \(9.9, schema 9999\)"):
            restoring.restore(made.folder, place, stage.prepare)
        assert list(place.data_dir.iterdir()) == []


def test_what_lives_is_never_written_over_unless_said(database, tmp_path, request):
    stage.fill(database)
    made = made_of(database, tmp_path)
    with stage.empty_place(request, tmp_path / "other", database) as place:
        (place.data_dir / "secrets").mkdir()
        (place.data_dir / "secrets" / "secret_key").write_text(stage.KEY)  # the same: it stays
        restoring.restore(made.folder, place, stage.prepare, at=NOON)
        assert not list(place.data_dir.glob("before-*"))
        with closing(Database(place.database_url)) as living:
            stage.fill(living, 2)
        with pytest.raises(Refused, match=r"say --over"):
            restoring.restore(made.folder, place, stage.prepare)
        with closing(Database(place.database_url)) as living:
            assert counts(living)["receipts"] == 5
        later = made.folder.parent / "2026-11-18T18-00-00Z"
        made.folder.rename(later)
        done = restoring.restore(later, place, stage.prepare, over=True, at=NOON)
        there = (
            f"{place.data_dir}/before-2026-11-18T12-00-00Z"
            if database.is_sqlite
            else "the schema before_20261118_120000"
        )
        assert any(sentence.startswith(f"What was there before lies in {there}") for sentence in done.said)
        with closing(Database(place.database_url)) as living:
            assert counts(living)["receipts"] == 3
            aside = inspect(living.engine).get_schema_names()
        if database.is_sqlite:
            with closing(Database(f"sqlite:///{place.data_dir}/before-2026-11-18T12-00-00Z/wrapup.db")) as moved:
                assert counts(moved)["receipts"] == 5
        else:
            assert "before_20261118_120000" in aside
            with closing(Database(place.database_url)) as living:
                assert restoring.schemas_aside(living) == ["before_20261118_120000"]
        # Receipts that waited there were answered: they wait on, with those of the backup behind them.
        assert len(list((place.data_dir / "spool").iterdir())) == 2


@pytest.mark.parametrize("behind_a_link", [False, True])
def test_a_database_on_another_disk_than_the_data_folder_is_put_and_moved_aside_there(
    sqlite_url, tmp_path, another_disk, behind_a_link
):
    with closing(Database(sqlite_url)) as database:
        migrations.upgrade(database)
        stage.fill(database)
        made = made_of(database, tmp_path)
    data_dir, named = tmp_path / "other", another_disk / "wrapup.db"
    data_dir.mkdir()
    if behind_a_link:
        named = data_dir / "wrapup.db"
        named.symlink_to(another_disk / "wrapup.db")
    place = restoring.Place(data_dir, f"sqlite:///{named}")
    restoring.restore(made.folder, place, stage.prepare, at=NOON)
    with closing(Database(place.database_url)) as living:
        stage.fill(living, 2)
    done = restoring.restore(made.folder, place, stage.prepare, over=True, at=NOON)
    aside = another_disk / "before-2026-11-18T12-00-00Z"
    assert f"What was there before lies in {aside}; remove it when you need it no more." in done.said
    with closing(Database(place.database_url)) as living, closing(Database(f"sqlite:///{aside}/wrapup.db")) as moved:
        assert [counts(one)["receipts"] for one in (living, moved)] == [3, 5]
        assert restoring.folders_aside(living) == [aside]
    assert named.is_symlink() == behind_a_link and (another_disk / "wrapup.db").is_file()
    assert not list(data_dir.glob("before-*"))


def test_where_putting_back_fails_all_is_as_it_was(database, tmp_path, request):
    stage.fill(database)
    made = made_of(database, tmp_path)

    def fail(_: Database) -> None:
        raise ArithmeticError("a migration that cannot be done")

    with stage.empty_place(request, tmp_path / "other", database) as place:
        with pytest.raises(ArithmeticError):
            restoring.restore(made.folder, place, fail)
        with closing(Database(place.database_url)) as back:
            assert not back.file.exists() if back.file else inspect(back.engine).get_table_names() == []
        restoring.restore(made.folder, place, stage.prepare)
        with closing(Database(place.database_url)) as back:
            stage.fill(back, 1)
        with pytest.raises(ArithmeticError):
            restoring.restore(made.folder, place, fail, over=True)
        with closing(Database(place.database_url)) as back:
            assert counts(back)["receipts"] == 4


def test_a_damaged_one_is_refused_by_the_name_of_its_file(database, tmp_path, request):
    made = made_of(database, tmp_path)
    (name,) = (one.path for one in made.manifest.files if one.path.startswith("database"))
    whole = (made.folder / name).read_bytes()
    (made.folder / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    (made.folder / "wrapup.toml").unlink()
    with stage.empty_place(request, tmp_path / "other", database) as place:
        with pytest.raises(Refused) as refused:
            restoring.restore(made.folder, place, stage.prepare)
        assert list(place.data_dir.iterdir()) == []
    assert f"{name} is not what it was when it was written; wrapup.toml cannot be read" in str(refused.value)


def test_whoever_was_erased_later_stays_so(database, tmp_path, request):
    made = made_of(database, tmp_path)
    stage.beside(tmp_path / "data")
    with (tmp_path / "data" / "erasures.jsonl").open("a") as ledger:
        ledger.write('{"erased": "in the night after"}\n')
    making.make(None, beside.Beside(tmp_path / "data", stage.KEY), made.folder.parent, at=NOON + factories.minutes(60))
    with stage.empty_place(request, tmp_path / "other", database) as place:
        (place.data_dir / "erasures.jsonl").write_text('{"erased": "this morning"}\n')
        restoring.restore(made.folder, place, stage.prepare)
        assert (place.data_dir / "erasures.jsonl").read_text().splitlines() == [
            stage.ERASED,
            '{"erased": "in the night after"}',
            '{"erased": "this morning"}',
        ]


def test_settings_are_put_where_none_are_and_others_are_left(sqlite_url, tmp_path):
    database = Database(sqlite_url)
    made = made_of(database, tmp_path)
    database.close()
    target = tmp_path / "etc" / "wrapup.toml"
    for number, (before, said) in enumerate(
        [(None, "were put to"), (stage.SETTINGS, "are those of the backup"), ("x = 1\n", "were left as they are")]
    ):
        if before is not None:
            durable.replace(target, before)
        folder = tmp_path / str(number)
        place = restoring.Place(folder, f"sqlite:///{folder}/wrapup.db", target)
        done = restoring.restore(made.folder, place, stage.prepare)
        assert any(said in sentence for sentence in done.said), done.said
        assert target.read_text() == (before or stage.SETTINGS)


def test_one_of_another_kind_of_database_is_refused(sqlite_url, postgresql_url, tmp_path):
    database = Database(sqlite_url)
    made = made_of(database, tmp_path)
    database.close()
    with pytest.raises(Refused, match="is of sqlite, and WRAPUP_DATABASE_URL names postgresql"):
        restoring.restore(made.folder, restoring.Place(tmp_path / "other", postgresql_url), stage.prepare)


def test_one_without_a_database_is_not_put_back(tmp_path):
    made = making.make(None, stage.beside(tmp_path / "data"), tmp_path / "backups")
    place = restoring.Place(tmp_path / "other", f"sqlite:///{tmp_path}/other/wrapup.db")
    with pytest.raises(Refused, match="was made --without-database"):
        restoring.restore(made.folder, place, stage.prepare)
    with pytest.raises(Refused, match="is no backup"):
        restoring.restore(tmp_path, place, stage.prepare)
    assert folders.whole(tmp_path / "nowhere") == []
