"""Row 12: leads a second into each dialer of the sandbox, and what of that is the price of sending no lead twice."""

import time
from collections import Counter
from collections.abc import Iterator

import migrations
from bench.stage import Stage, rounds
from bench.table import Row, Void, compared
from bench.takers import CALLBACKS, TAKERS, Taker, taker
from dialers.giving import Lead, Order
from dialers.registry import DIALERS
from leads import send_due
from leads.checking import check_options
from leads.loading import Loading
from lib import ids
from models.database import Database
from service import logs

REQUESTS = 100  # of each dialer, as full as it takes them
MOST = 10_000  # leads


def loads(stage: Stage) -> Iterator[Row]:
    """Each dialer's sandbox over HTTP: a load sent by ``leads.send_due``, and the same requests in a bare loop."""
    logs.configure("error")
    database = Database(stage.where.url("leads") or f"sqlite:///{stage.ours.folder}/leads.db")
    migrations.upgrade(database)
    for dialer in TAKERS:
        ours, bare = [], []
        for _ in rounds():
            ours.append(_measured(dialer, lambda played, given: _sent(database, played, given)))
            bare.append(_measured(dialer, _looped))
        yield compared(f"12. leads/s into {dialer} ({_limit(dialer)}), kept and sent / sent in a bare loop", ours, bare)
    database.close()


def _measured(dialer: str, run) -> float:
    with taker(dialer) as played:
        leads = DIALERS[dialer].leads
        most = leads.most if played.campaign else leads.most_new
        count = min(REQUESTS * most, MOST)
        given = [f"+420{601_000_000 + number}" for number in range(count)]
        began = time.monotonic()
        run(played, given)
        seconds = time.monotonic() - began
        if len(taken := Counter(played.taken())) != count or max(taken.values()) > 1:
            raise Void(f"{dialer} took {len(taken)} of {count} leads")
        return count / seconds


def _sent(database: Database, played: Taker, given: list[str]) -> None:
    rows = enumerate(({"number": number} for number in given), 1)
    Loading(played.connection, played.campaign, rows, "Bench", played.options).keep(database)
    while send_due(database, played.connection, CALLBACKS):
        pass


def _looped(played, given: list[str]) -> None:
    offered, connection = DIALERS[played.connection.dialer].leads, played.connection
    client = DIALERS[connection.dialer].client(connection)
    most = offered.most if played.campaign else offered.most_new
    options = check_options(connection, played.options)
    for at in range(0, len(given), most):
        leads = [Lead(number, number, str(ids.new())) for number in given[at : at + most]]
        order = Order(played.campaign, "Bench", options, leads, str(ids.new()), CALLBACKS)
        offered.send(client, connection, order)


def _limit(dialer: str) -> str:
    a_minute = DIALERS[dialer].settings().fields["requests_per_minute"].load_default
    offered = DIALERS[dialer].leads
    most = offered.most if offered.appends is None else offered.most_new
    return f"at most {a_minute:,} requests a minute of {most:,}"
