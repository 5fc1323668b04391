"""Sending what is due: taken by a conditional update, written down before it leaves, and what became of it written down.

    pending --taken--> its view is asked --left--> sending --> sent
       ^                    |  cannot be asked        |------> failed     for good, or tried too often
       |                    +--> failed               +------> unknown    nobody can tell; also where the worker died
       +---- certainly not taken: again after a pause-+

Any number of workers may do so at once: each update names the state that it expects, and the lease of whoever does it.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from lib import clock, ids
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, Uncertain
from models import Schedule, ScheduledSend, View
from models.database import Database, changed
from models.leases import LeaseLost, free, kept
from models.schedules import BUCKET, FAILED, FOLDER, MAIL, PENDING, SENDING, SENT, UNKNOWN
from queries.exports.making import NoRoom, NotMade
from queries.views.reading import Broken
from schedules import bucket, folder, letters, mail, naming, telling
from schedules.asking import CONTENT_TYPES, Answer, Ask
from schedules.letters import Sent
from schedules.noting import SENDS, SPAN, note_due, put_in_doubt
from schedules.settings import Settings

PAUSES = tuple(timedelta(minutes=one) for one in (1, 5, 15, 30))  # before it is tried again; then it is given up
# For good: trying again would say the same.
_FINAL = (AskedWrongly, CredentialsRefused, Declined)

log = structlog.get_logger(__name__)


class NotSet(Exception):
    """The settings lack what the schedule needs. The message is a sentence."""

    error_id = "not_set_up"


class Sender:
    """Sends for all schedules, in one thread."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        ask: Ask,
        now: Callable[[], datetime] = clock.now,
        stop: threading.Event | None = None,
    ):
        self._database = database
        self._settings = settings
        self._ask = ask
        self._now = now
        self._stop = stop or threading.Event()

    def step(self) -> bool:
        """Write down what is due, send one of it, and tell of what went wrong; whether there was any of this. Raises
        SQLAlchemyError where the database is away."""
        found = note_due(self._database, self._now())
        found = put_in_doubt(self._database, self._now()) or found
        waiting = self._waiting()
        if waiting is not None:
            self.send(waiting)
        told = telling.tell_next(self._database, self._settings, self._now())
        return found or waiting is not None or told

    def _waiting(self) -> ScheduledSend | None:
        now = self._now()
        # What was put off for longer than we ever do was put off by a clock that has been set back.
        due = (SENDS.c.next_at <= now) | (SENDS.c.next_at > now + 2 * PAUSES[-1])
        waits = (SENDS.c.state == PENDING, due, free(SENDS.c.lease_until, now, SPAN))
        with self._database.read() as session:
            return session.scalars(select(ScheduledSend).where(*waits).order_by(SENDS.c.due_at).limit(1)).first()

    def send(self, send: ScheduledSend) -> None:
        """This one, where nobody else has it."""
        lease = str(ids.new())
        now = self._now()
        mine = (SENDS.c.id == send.id, SENDS.c.state == PENDING, free(SENDS.c.lease_until, now, SPAN))
        if not self._update(*mine, lease_owner=lease, lease_until=now + SPAN):
            return
        with self._database.read() as session:
            schedule = session.get(Schedule, send.schedule_id)
            view = session.get(View, schedule.view_id) if schedule else None
        if schedule is None or view is None:  # deleted meanwhile, and its sends with it
            return

        def renew(session: Any) -> None:
            held = update(SENDS).where(SENDS.c.id == send.id, SENDS.c.lease_owner == lease)
            if changed(session, held.values(lease_until=self._now() + SPAN)) != 1:
                raise LeaseLost

        sending = _Sending(self._settings, Sent(schedule, send, view.name), self._now)
        with kept(self._database, SPAN, renew, schedule.name):
            became = self._became(sending, view, lease)
        if became is None:
            return
        if send.trial:  # whoever had it tried looks
            became["tell_at"] = None
        held = (SENDS.c.id == send.id, SENDS.c.lease_owner == lease)
        # What was thought lost, and was not, is what it became all the same; what somebody else has taken is theirs.
        if self._update(*held, SENDS.c.state.in_((PENDING, SENDING, UNKNOWN)), lease_until=None, **became):
            log.info("schedule_sent", schedule=schedule.name, due_at=clock.iso(send.due_at), state=became["state"])

    def _became(self, sending: "_Sending", view: View, lease: str) -> dict[str, Any] | None:
        """What the row is to say; None where it is somebody else's now."""
        send = sending.sent.send
        try:
            answer = sending.asked(self._ask, view)
        except NoRoom as error:
            return self._again(send, "view_failed", str(error))
        except (Broken, NotMade) as error:
            return self._failed("view_broken", f"The view cannot be asked as it is: {error}")
        except NotSet as error:
            return self._failed(error.error_id, str(error))
        except SQLAlchemyError:
            with suppress(SQLAlchemyError):
                self._update(SENDS.c.id == send.id, SENDS.c.lease_owner == lease, lease_until=None)
            raise
        except Exception as error:
            log.exception("view_not_answered", schedule=sending.sent.schedule.name, error=type(error).__name__)
            return self._again(send, "view_failed", "The view could not be answered; the log says why.")
        now = self._now()
        left = {"state": SENDING, "sent_at": now, "attempts": send.attempts + 1, "lease_until": now + SPAN}
        left |= {"rows": answer.count, "size": answer.size, "target": sending.target()}
        if not self._update(SENDS.c.id == send.id, SENDS.c.lease_owner == lease, SENDS.c.state == PENDING, **left):
            return None
        try:
            said = sending.leave(answer)
        except Uncertain as error:
            doubt = {"state": UNKNOWN, "reason": error.error_id, "answer": str(error)}
            return self._settled(**doubt, tell=True)
        except _FINAL as error:
            return self._failed(error.error_id, str(error)) | {"sent_at": send.sent_at}
        except ExchangeError as error:
            return self._again(send, error.error_id, str(error)) | {"sent_at": send.sent_at}
        return self._settled(state=SENT, reason="partly_refused" if said else None, answer=said, tell=bool(said))

    def _again(self, send: ScheduledSend, reason: str, answer: str) -> dict[str, Any]:
        """It was not taken: later again, unless that was tried too often, or a person waits for what comes of it."""
        if send.trial or send.attempts >= len(PAUSES):
            return self._failed(reason, answer)
        pause = PAUSES[send.attempts]
        counted = {"attempts": send.attempts + 1, "next_at": self._now() + pause}
        return {"state": PENDING, "reason": reason, "answer": answer} | counted

    def _failed(self, reason: str, answer: str) -> dict[str, Any]:
        return self._settled(state=FAILED, reason=reason, answer=answer, tell=True)

    def _settled(self, tell: bool, **values: Any) -> dict[str, Any]:
        now = self._now()
        return values | {"settled_at": now, "tell_at": now if tell else None}

    def _update(self, *which: Any, **values: Any) -> bool:
        with self._database.write() as session:
            return changed(session, update(SENDS).where(*which).values(**values)) == 1


class _Sending:
    """One of them, on its way."""

    def __init__(self, settings: Settings, sent: Sent, now: Callable[[], datetime]):
        self._settings = settings
        self.sent = sent
        self._now = now

    def asked(self, ask: Ask, view: View) -> Answer:
        """Raises NotSet before anything is asked that could not be sent."""
        self._check()
        schedule = self.sent.schedule
        most = self._settings.most_rows if schedule.way == MAIL else None
        return ask(view, schedule.form, most, self.sent.send.due_at)

    def _check(self) -> None:
        settings, schedule = self._settings, self.sent.schedule
        if schedule.way == MAIL and settings.mail is None:
            raise NotSet("The settings have no [mail].")
        if schedule.way == FOLDER and settings.folder is None:
            raise NotSet("The settings have no folder under [schedules].")
        if schedule.way == BUCKET and schedule.place.partition("/")[0] not in settings.buckets:
            raise NotSet(f"The settings have no [buckets.{schedule.place.partition('/')[0]}].")

    def target(self) -> str:
        """Under which it will be found on the other side."""
        schedule, name = self.sent.schedule, naming.file_name(self.sent.schedule, self.sent.send)
        if schedule.way == MAIL:
            return naming.message_id(schedule, self.sent.send, self._settings)
        return "/".join(filter(None, (schedule.place.strip("/"), name)))

    def leave(self, answer: Answer) -> str | None:
        """Send it; a sentence where a part of it was refused. Raises ExchangeError."""
        settings, schedule = self._settings, self.sent.schedule
        if schedule.way == MAIL:
            return self._mailed(answer)
        assert answer.file is not None  # of any number of rows
        name = naming.file_name(schedule, self.sent.send)
        if schedule.way == FOLDER:
            assert settings.folder is not None
            folder.put(settings.folder, schedule.place, name, answer.file)
            return None
        bucket_name, _, place = schedule.place.partition("/")
        key = "/".join(filter(None, (place.strip("/"), name)))
        bucket.put(settings.buckets[bucket_name], key, answer.file, CONTENT_TYPES[schedule.form], self._now())
        return None

    def _mailed(self, answer: Answer) -> str | None:
        settings = self._settings
        assert settings.mail is not None
        why = None
        if answer.file is None:
            why = f"That is too much for a file in a mail, which has {settings.most_rows:,} rows at most."
        elif answer.size > settings.most_bytes:
            why = f"Its file has {answer.size:,} bytes; one in a mail has {settings.most_bytes:,} at most."
        message = letters.of_table(self.sent, answer, why, settings, self._now())
        taken = mail.send(settings.mail, message, self.sent.schedule.recipients)
        if not taken.refused:
            return None
        return "Refused for " + "; ".join(f"{one}: {said}" for one, said in taken.refused.items()) + "."
