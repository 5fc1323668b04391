"""An erasure from its beginning to its end: nothing of the person is left in any table or file, nothing else has changed, and
yesterday's backup does not bring it back."""

import base64
import gzip
import json
import socket
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import select, text

from callbacks.draft import Draft
from callbacks.spool import Spool
from leads.spreading import Spreading
from lib import clock, ids
from lib.phone_spellings import Spellings
from lib.stand_ins import is_stand_in
from models import CallOutcome, Erasure, LoadedLead, Receipt, WorkerBeat
from models.database import Database
from outcomes import suppressions
from tests import backups, factories
from tests.evidence import CONNECTIONS, connect, keep, normalize, outcomes, terminal
from tests.outcomes.test_erasing import NUMBER, OTHER, PERSONAL, told
from tests.upkeep.erasure import dump, files_with
from upkeep.erasure import beginning, elsewhere, ledger, scrubbing
from upkeep.erasure.working import Eraser
from upkeep.retention import parts

SPELLINGS = Spellings(NUMBER)


def eraser(database, folder, **more) -> Eraser:
    return Eraser(database, folder, **more)


def erased(database, folder, number=NUMBER, **more) -> Erasure:
    """Begun, and done to its end, with what a worker does beside it."""
    begun = beginning.begin(
        database, folder, number, "Ann", **{k: more.pop(k) for k in ("keep_uncalled",) if k in more}
    )
    finish(database, folder, **more)
    with database.read() as session:
        return session.get_one(Erasure, begun.id)


def finish(database, folder, **more) -> None:
    one, spreading = eraser(database, folder, **more), Spreading(database, CONNECTIONS)
    for _ in range(100):
        spreading.step()
        normalize(database)
        while one.step():
            continue
        if not one.running():
            return
    with database.read() as session:
        raise AssertionError(f"It does not end: {session.scalars(select(Erasure.waits_for)).all()}")


@contextmanager
def erased_and_put_back(database, folder):
    """An erasure, and then the database of before it; the ledger's file knows of the erasure."""
    with backups.backup(database) as put_back:
        erased(database, folder)
        put_back()
        copy = folder / "wrapup.backup"  # of SQLite; backups are kept elsewhere
        copy.unlink(missing_ok=True)
        yield
        if database.is_sqlite:
            copy.touch()


def filled(database, folder) -> None:
    """Whatever may hold a person: calls, leads, loads, deliveries, the list, quarantine, strangers, views, files."""
    told(database, connect(), terminal(**PERSONAL, customFields={"email": "anna@example.test", "crm": "anna-1"}))
    told(
        database,
        connect(20, customerNum=OTHER),
        terminal(20, 50, customerNum=OTHER, notes="Ask her husband: 098000 12345"),
    )
    with database.write() as session:
        load = factories.load(
            session, leads=[{"number": NUMBER, "number_raw": "098000 12345", "reference": "anna-1"}, {"number": OTHER}]
        )
        load.name = "Without 9800012345"
        lost = b'{"tel": "0 9800 012345" and no JSON'
        factories.receipt(session, body=lost, state="quarantined", reason="unparseable")
        factories.receipt(
            session,
            body=b"x=%2B919800012345",
            state="quarantined",
            reason="unknown_connection",
            stranger=True,
            dialer=None,
            connection="nobody",
        )
        factories.receipt(session, body=b'{"n": 919800012345.0}', state="ignored", reason="check")
        factories.receipt(
            session, body=gzip.compress(b'{"n": "+91 98000-12345"}'), state="quarantined", reason="unparseable"
        )
        factories.receipt(
            session,
            body=json.dumps({"b": base64.b64encode(b'{"n": "+919800012345"}').decode()}).encode(),
            state="quarantined",
            reason="x",
        )
        for body in ('{"n": "09800012345"}'.encode("utf-16"), base64.b64encode(base64.b64encode(b"n=+919800012345"))):
            factories.receipt(session, body=body, state="quarantined", reason="unparseable")
        of_others = session.scalars(select(Receipt).where(Receipt.state == "normalized").order_by(Receipt.id)).all()[-1]
        of_others.headers = {**of_others.headers, "x-request-id": f"call-{NUMBER}"}
        (call,) = session.scalars(select(CallOutcome).where(CallOutcome.customer_number == NUMBER))
        factories.destination(session)
        factories.delivery(
            session,
            outcome_id=call.id,
            record_id="c-1",
            remote_id="r-1",
            before={"phone": NUMBER},
            answer="of +919800012345",
        )
        factories.delivery(
            session,
            outcome_id=call.id,
            operation="set_status",
            state="held",
            candidates=[{"id": "c-2", "name": "Anna"}],
        )
        suppressions.put(session, "person", [suppressions.Wanted(NUMBER, NUMBER, "Anna asked")], "Bob", clock.now())
    (folder / "exports").mkdir()
    (folder / "exports" / "calls.csv").write_text(f"number,name\n{NUMBER},Anna\n")
    (folder / "exports" / "others.csv").write_text(f"number,name\n{OTHER},Bob\n")


def test_nothing_of_the_person_is_left_and_others_stay(database, tmp_path):
    filled(database, tmp_path)
    row = erased(database, tmp_path)
    assert (row.state, row.number, row.progress) == ("done", None, 100)
    said = dump(database)
    assert not SPELLINGS.within(said)
    assert "Kowalska" not in said and "anna" not in said.lower()
    assert OTHER in said and "Ask her husband: erased" in said
    assert files_with(tmp_path, SPELLINGS) == []
    assert not (tmp_path / "exports" / "calls.csv").exists() and (tmp_path / "exports" / "others.csv").exists()
    assert row.told[-1]["to"] == "sales" and row.told[-1]["records"] == ["c-1"] and row.told[-1]["state"] == "by_hand"


def test_nothing_is_left_in_what_a_planner_notes_of_values(database, tmp_path):
    """PostgreSQL shows its least, greatest and most frequent values to everybody who may read the table."""
    noted = text("SELECT CAST(most_common_vals AS text), CAST(histogram_bounds AS text) FROM pg_stats")
    filled(database, tmp_path)
    if database.is_sqlite:
        noted = text("SELECT * FROM sqlite_stat1")
    with database.write() as session:
        session.execute(text("ANALYZE"))
        before = str(session.execute(noted).all())
    assert database.is_sqlite or SPELLINGS.within(before)
    erased(database, tmp_path)
    with database.read() as session:
        assert not SPELLINGS.within(str(session.execute(noted).all()))


def test_a_month_that_was_taken_off_and_not_dropped_yet_goes(postgresql_url):
    """Whoever deletes for age was stopped between."""
    with closing(Database(postgresql_url)) as database:
        with database.write() as session:
            session.execute(text(f"CREATE TABLE {parts.DROPPED}2025_01 AS SELECT '{NUMBER}' AS body"))
        scrubbing.scrub(database, SPELLINGS)
        with database.read() as session:
            assert session.scalar(text(f"SELECT to_regclass('{parts.DROPPED}2025_01')")) is None


def test_the_person_is_still_not_called(database, tmp_path):
    filled(database, tmp_path)
    erased(database, tmp_path)
    with database.read() as session:
        assert suppressions.reasons(session, {NUMBER, OTHER}, clock.now()).keys() == {NUMBER}


def test_yesterdays_backup_does_not_bring_the_person_back(database, tmp_path):
    filled(database, tmp_path)
    with erased_and_put_back(database, tmp_path):
        assert SPELLINGS.within(dump(database))
        assert len(ledger.together(database, tmp_path)) == 1
        finish(database, tmp_path)
        said = dump(database)
        assert not SPELLINGS.within(said) and "kowalska" not in said.lower()
        assert files_with(tmp_path, SPELLINGS) == []
        with database.read() as session:
            assert suppressions.reasons(session, {NUMBER}, clock.now())


def test_a_callback_that_waits_in_the_spool_is_waited_for(database, tmp_path):
    told(database, terminal())
    body = json.dumps(terminal(33, 34)).encode()
    spool = Spool(tmp_path / "spool")
    draft = Draft("ryng-main", "ryng", "terminal", clock.now(), "POST", None, {}, body, len(body), False, None)
    spool.append([draft.line()])
    begun = beginning.begin(database, tmp_path, NUMBER, "Ann")
    one, spreading = eraser(database, tmp_path), Spreading(database, CONNECTIONS)
    for _ in range(100):
        spreading.step()
        if not one.step():
            break
    with database.read() as session:
        assert session.get_one(Erasure, begun.id).waits_for == "Callbacks wait in the spool."
    spool.drain(lambda lines: keep(database, *(Receipt(**Draft.from_line(line).row()) for line in lines)))
    finish(database, tmp_path)
    assert not SPELLINGS.within(dump(database)) and len(outcomes(database)) == 2
    assert files_with(tmp_path, SPELLINGS) == []


def test_a_call_that_goes_on_is_erased_and_ends_without_the_person(database, tmp_path):
    told(database, connect())
    assert outcomes(database)[0].settling == "provisional"
    erased(database, tmp_path)
    told(database, terminal(**PERSONAL))
    (row,) = outcomes(database)
    assert row.disposition == "Interested" and is_stand_in(row.customer_number)
    assert not SPELLINGS.within(dump(database))


def test_one_that_dies_stops_no_other(database, tmp_path):
    told(database, terminal(), terminal(20, 50, customerNum=OTHER))
    with database.write() as session:
        call = session.scalar(select(CallOutcome.id).where(CallOutcome.customer_number == NUMBER))
        factories.delivery(session, outcome_id=call, record_id="c-1", remote_id="r-1")
    dying = beginning.begin(database, tmp_path, NUMBER, "Ann", keep_uncalled=False)
    beginning.begin(database, tmp_path, OTHER, "Ann", keep_uncalled=False)

    def dies(*_):
        raise ValueError("no such answer")

    one, died = eraser(database, tmp_path, tell=dies), 0
    for _ in range(100):
        try:
            one.step()
        except ValueError:
            died += 1
        if one.running() == [dying.id]:
            break
    assert died and one.running() == [dying.id]
    assert not Spellings(OTHER).within(dump(database))


def test_a_number_of_ours_is_not_erased(database, tmp_path):
    told(database, terminal())
    for number in ("+914900000000", "+919800000001"):
        with pytest.raises(beginning.NotErased, match="a number of ours"):
            beginning.begin(database, tmp_path, number, "Ann")
    assert ledger.read(tmp_path) == {}


def test_looking_says_what_would_be_touched_and_touches_nothing(database, tmp_path):
    filled(database, tmp_path)
    before = dump(database)
    with database.read() as session:
        found = beginning.look(session, NUMBER)
    assert found.counts | {"call_events": 0} == {
        "call_outcomes": 1,
        "call_events": 0,
        "receipts": 2,
        "deliveries": 2,
        "leads": 0,
        "loaded_leads": 1,
        "suppressions": 1,
        "take_outs": 0,
    }
    assert found.records == [{"to": "sales", "records": ["c-1"], "made": ["r-1"]}]
    assert dump(database) == before


def test_a_lead_that_was_not_sent_is_not_sent(database, tmp_path):
    with database.write() as session:
        load = factories.load(session, leads=[{"number": NUMBER, "state": "pending"}], state="running")
    erased(database, tmp_path)
    with database.read() as session:
        (lead,) = session.scalars(select(LoadedLead).where(LoadedLead.load_id == load.id))
        assert lead.state == "rejected" and is_stand_in(lead.number)


def test_the_file_learns_of_what_the_database_knows(database, tmp_path):
    told(database, terminal())
    row = erased(database, tmp_path)
    other = tmp_path / "another"
    assert ledger.together(database, other) == []
    assert list(ledger.read(other)) == [str(row.id)]
    text = (other / ledger.FILE).read_text()
    assert not SPELLINGS.within(text) and json.loads(text)["stand_in"] == row.stand_in


def test_a_torn_line_of_the_ledger_is_passed_over_and_the_next_is_whole(tmp_path):
    one = ledger.Entry(str(ids.new()), "+91~9f86d081884c7d65", "~0", "2026-11-29T10:00:00Z", "Ann", True)
    ledger.append(tmp_path, [one])
    with (tmp_path / ledger.FILE).open("a") as file:
        file.write('{"id": "torn')
    two = ledger.Entry(str(ids.new()), "+91~9f86d081884c7d66", "~0", "2026-11-29T10:00:00Z", "Ann", True)
    ledger.append(tmp_path, [two])
    assert list(ledger.read(tmp_path)) == [one.id, two.id]


def test_data_folders_of_other_hosts_are_named(database, tmp_path):
    told(database, terminal())
    own = {"started_at": clock.now(), "beat_at": clock.now(), "loops": {}}
    with database.write() as session:
        for host in (socket.gethostname(), "calls-2.example.com"):
            session.add(WorkerBeat(worker=f"{host[:100]}:17:5d2a7e0c4b11", **own))
    assert erased(database, tmp_path).left == [elsewhere.OTHER_HOST.format("calls-2.example.com")]
