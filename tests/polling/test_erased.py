"""Records of persons who were erased, polled again: an unchanged one is not even stored, a changed one brings no person."""

from sqlalchemy import func, select

from dialers.asking import Record, ReportPage
from dialers.base import Connection
from lib import clock
from lib.phone_spellings import Spellings
from models import Receipt
from outcomes import erasing
from polling.keep import keep_page
from tests.outcomes.test_erasing import NUMBER, erase
from tests.upkeep.erasure import dump

QVOICE = Connection("qvoice-main", "qvoice")
BODY = b'{"id": 7, "number": "+919800012345", "status": "Open"}'


def page(*bodies) -> ReportPage:
    return ReportPage([Record(body, f"lead {at}", {}) for at, body in enumerate(bodies)], None)


def kept(database, *bodies) -> int:
    with database.write() as session:
        return keep_page(session, QVOICE, "leads", page(*bodies), clock.now()).new


def blank_all(database) -> None:
    erase(database, NUMBER)
    with database.write() as session:
        erasing.blank_receipts(session, list(session.scalars(select(Receipt.id))), clock.now())


def test_an_unchanged_record_is_known_by_its_hash(database):
    assert kept(database, BODY) == 1
    blank_all(database)
    assert not Spellings(NUMBER).within(dump(database))
    assert kept(database, BODY) == 0
    assert not Spellings(NUMBER).within(dump(database))


def test_a_changed_one_is_a_new_version_of_the_same_record(database):
    kept(database, BODY)
    blank_all(database)
    assert kept(database, BODY.replace(b"Open", b"Closed")) == 1
    assert kept(database, BODY.replace(b"Open", b"Closed")) == 0
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == 2
