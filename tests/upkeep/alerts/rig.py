"""The watch at work: a database, a mail server of the sandbox, somebody who takes webhooks, and a clock that is set."""

import json
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlalchemy import update

from callbacks.ladder import spooled
from callbacks.spool import Spool
from dialers.base import Connection
from lib import clock
from models import CallbackPace, DestinationState, PollCursor, Receipt
from queries.recent_counts import RecentCounts
from sandbox.webhook import signatures
from sandbox.webhook.receiver import SECRET
from service.passage.refusals import tally
from tests.factories import destination, poll, receipt
from tests.schedules.rig import mail_of
from tests.web.conftest import NOBODY
from upkeep.alerts.conditions import CONDITIONS
from upkeep.alerts.digest import Digests
from upkeep.alerts.keepers import InFile
from upkeep.alerts.settings import MAIL, WEBHOOK, Alerts
from upkeep.alerts.telling import Heartbeat, Teller
from upkeep.alerts.watching import Watch
from upkeep.beats import Beats
from upkeep.metrics import machine
from upkeep.metrics.collecting import About, Collector

OPS = "ops@example.com"
CONNECTIONS = {
    "ryng-main": Connection("ryng-main", "ryng", callback_tokens=("token-of-ryng",), expect_every=timedelta(minutes=5)),
    "qvoice-main": Connection("qvoice-main", "qvoice", settings=NOBODY),
}
FEW = [replace(one, bound=0) if one.name in ("destination_behind", "many_refused") else one for one in CONDITIONS]


class Receiver:
    """Takes webhooks and heartbeats over HTTP. ``status`` is what it answers."""

    def __init__(self):
        self.status, self.bodies, self.beats, self.wrong = 200, [], 0, []

    def events(self) -> Counter:
        """(what, name) -> how often it was told."""
        told = [one for body in self.bodies for one in body.get("data", {}).get("alerts", ())]
        return Counter((one["what"], one["name"]) for one in told)


@contextmanager
def receiving():
    """``url`` is where."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            found.beats += 1
            self.answer()

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            named = {name.lower(): value for name, value in self.headers.items()}
            fault = signatures.fault([signatures.key(SECRET)], named, body, float(named.get("webhook-timestamp", 0)))
            if fault:
                found.wrong.append(fault)
            if found.status == 200:
                found.bodies.append(json.loads(body))
            self.answer()

        def answer(self):
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_): ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_address[1]}/"
        yield found
        server.shutdown()


class Rig:
    """``well``: whether each minute brings what a healthy one does."""

    def __init__(self, database, folder, box, receiver, **given):
        self.now = clock.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
        self.database, self.folder, self.box, self.receiver = database, folder, box, receiver
        self.spool, self.refused = Spool(folder / "spool"), tally(folder)
        own = {"server": mail_of(box.port), "to": (OPS,), "webhook": receiver.url}
        own |= {"secrets": (SECRET,), "heartbeat": receiver.url, "public_url": "https://calls.example.com"}
        self.settings = Alerts(**own | {"conditions": tuple(FEW)} | given)
        self.beats = Beats(database, self.at)
        self.well = self.beating = self.looping = True
        self.watch = self.another()

    def at(self) -> datetime:
        return self.now

    def another(self) -> Watch:
        """A worker's."""
        recent = RecentCounts(self.database)
        about = About(
            database=self.database,
            connections=CONNECTIONS,
            recent=recent,
            spooled=self.spooled,
            refused=self.refused,
            folder=self.folder,
            destinations={"sales": "hubspot"},
            asked={"sales"},
            alerts=self.settings,
        )
        return Watch(
            self.settings,
            Collector(about, self.at),
            lambda: machine.figures(self.folder, self.refused, self.spooled(), self.database.file),
            self.database,
            InFile(self.folder, self.at),
            Digests(self.settings, self.database, CONNECTIONS, recent, self.spooled, ("sales",)),
            self.at,
        )

    def spooled(self):
        return spooled.known(self.spool)

    def begin(self) -> None:
        """What is set up, and well."""
        with self.database.write() as session:
            poll(session, complete_to=self.now)
            receipt(session, received_at=self.now)
            destination(session, refusals_at=self.now, refusals_due=self.now, started_at=self.now)
            session.add(CallbackPace(connection="ryng-main", since=self.now, counted_to=self.now))

    def healthy(self) -> None:
        if self.looping:
            self.beats.note("normalize")
        if self.beating:
            self.beats.write()
        with self.database.write() as session:
            session.execute(update(PollCursor).values(complete_to=self.now))
            session.execute(update(Receipt).where(Receipt.state == "normalized").values(received_at=self.now))
            session.execute(update(DestinationState).values(refusals_at=self.now))

    def minutes(self, count: int, watch: Watch | None = None, channels=(MAIL, WEBHOOK), step: int = 1) -> None:
        """So many pass, so many at a time: each time it is looked, and told."""
        watch = watch or self.watch
        for _ in range(count // step):
            self.now += timedelta(minutes=step)
            if self.well:
                self.healthy()
            watch.look()
            watch.look_at_machine()
            if self.settings.digest:
                watch.digest()
            for channel in channels:
                watch.tell(Teller(channel, self.settings))
            watch.call(Heartbeat(self.receiver.url, None))

    def mails(self) -> list[str]:
        return [str(mail["Subject"]).strip() for _, mail in self.box.taken]

    def told(self) -> str:
        """All that was told by mail."""
        return "\n".join(f"{mail['Subject']}\n{mail.get_content()}" for _, mail in self.box.taken)


def names(receiver: Receiver, what: str) -> set[str]:
    return {name for kind, name in receiver.events() if kind == what}
