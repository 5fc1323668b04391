"""A list on its way into the tables: nobody waits long for it, and nothing of half a list is sent."""

import pytest

from leads import loading, loads
from models import LeadLoad
from tests.dialers.qvoice.stage import stage as qvoice
from tests.leads.sends import load, numbers, send, shown, taken


class Died(BaseException):
    """The process ends here."""


def test_a_list_is_stored_in_pieces_between_which_others_write(database, monkeypatch):
    monkeypatch.setattr(loading, "AT_ONCE", 2)
    written = []
    with qvoice() as played:
        plain = database.write

        def write():
            written.append(1)
            return plain()

        monkeypatch.setattr(database, "write", write)
        load_id = load(database, played, 5)
        assert len(written) == 5  # the load, three pieces, and that it may run
        assert [lead["number"] for lead in shown(database, load_id)["leads"]] == numbers(5)


def test_half_a_list_is_never_sent(database, monkeypatch):
    monkeypatch.setattr(loading, "AT_ONCE", 2)

    def dying(load_id, connection, place, lead):
        if place > 3:
            raise Died
        return row(load_id, connection, place, lead)

    row = loading._row
    with qvoice() as played:
        monkeypatch.setattr(loading, "_row", dying)
        with pytest.raises(Died):
            load(database, played, 5)
        with database.read() as session:
            (load_id,) = session.scalars(LeadLoad.__table__.select().with_only_columns(LeadLoad.id))
        send(database, played.connection)
        with database.write() as session:
            assert loads.resume(session, load_id)
        send(database, played.connection)
        found = shown(database, load_id)
        assert (found["state"], found["counts"]["pending"], taken(played)) == ("parked", 2, [])
        assert "loaded again" in found["reason"]
