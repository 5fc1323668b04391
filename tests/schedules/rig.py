"""The engine at work: a database, a mail server and a store of the sandbox, and a clock that is set."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lib import ids
from lib.mail import PLAIN, Mail
from models import Schedule, ScheduledSend, View
from models.database import Database
from queries.sources import NEVER, Sources
from queries.views.answering import Means
from sandbox.bucket.store import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, Store, create_app
from sandbox.mail.server import Mailbox, running
from sandbox.server import running as serving
from schedules import managing
from schedules.asking import asker
from schedules.sending import Sender
from schedules.settings import Bucket, Settings

START = datetime(2026, 11, 18, 0, 0, tzinfo=UTC)
OPS = "ops@example.com"


def mail_of(port: int, **given: Any) -> Mail:
    return Mail(**({"host": "127.0.0.1", "port": port, "tls": PLAIN, "sender": "wrapup@example.com"} | given))


def bucket_of(url: str, **given: Any) -> Bucket:
    own = {"endpoint": url, "bucket": BUCKET, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "region": REGION}
    return Bucket(**(own | given))


@contextmanager
def mailbox(**given: Any):
    """``port`` is where."""
    box = Mailbox(**given)
    with running(box) as port:
        box.port = port
        yield box


@contextmanager
def store():
    """``url`` is where."""
    found = Store()
    with serving(create_app(found)) as url:
        found.url = url
        yield found


def view(database: Database, **given: Any) -> View:
    defaults: dict[str, Any] = {"id": ids.new(), "name": "All calls", "owner": None, "kind": "report"}
    defaults |= {"report": "attempts", "query": {"group_by": ["campaign"]}, "created_by": "admin"}
    defaults |= {"created_at": START, "changed_at": START}
    with database.write() as session:
        row = View(**(defaults | given))
        session.add(row)
    return row


class Engine:
    """Sends where it is told to."""

    def __init__(self, database: Database, folder: Path, settings: Settings):
        self.database = database
        self.settings = settings
        self.at = START
        sources = Sources(database, folder / "mirror", NEVER)
        self._ask = asker(Means(database, sources, {}))

    def now(self) -> datetime:
        return self.at

    def later(self, **span: float) -> None:
        self.at += timedelta(**span)

    def sender(self) -> Sender:
        return Sender(self.database, self.settings, self._ask, self.now)

    def schedule(self, of: View, **given: Any) -> Schedule:
        order = {"name": "Daily", "view_id": of.id, "to": [OPS], "at": ["07:00"], "tz": "UTC"} | given
        order = {name: value for name, value in order.items() if value is not None}
        with self.database.write() as session:
            return managing.keep(session, order, "admin", self.settings, self.at)

    def run(self) -> list[ScheduledSend]:
        """All that is to be done at this moment; all sends, by when they were due."""
        sender = self.sender()
        while sender.step():
            pass
        return self.sends()

    def sends(self) -> list[ScheduledSend]:
        with self.database.read() as session:
            return list(session.scalars(select(ScheduledSend).order_by(ScheduledSend.due_at, ScheduledSend.id)))


def told(sends: list[ScheduledSend]) -> list[tuple[str, str, str | None]]:
    return [(f"{send.due_at:%d %H:%M}", send.state, send.reason) for send in sends]


def parts(mail) -> dict[str, str]:
    """Content type -> text."""
    return {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}


def mails(box, subject=""):
    return [mail for _, mail in box.taken if subject in mail["Subject"]]
