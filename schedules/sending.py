"""Sending what is due: taken by a conditional update, written down before it leaves, and what became of it written down.

    pending --taken--> its view is asked --left--> sending --> sent
       ^                    |  cannot be asked        |------> failed     for good, or tried too often
       |                    +--> failed               +------> unknown    nobody can tell; also where the worker died
       +---- certainly not taken: again after a pause-+

Any number of workers may do so at once: each update names the state that it expects, and the lease of whoever does it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, false, not_, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from lib import clock, ids
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, Uncertain
from models import Schedule, ScheduledSend, View
from models.database import Database, changed
from models.leases import LeaseLost, free, kept, until
from models.schedules import BUCKET, FAILED, FOLDER, MAIL, PENDING, SENDING, SENT, UNKNOWN, VIEW_BROKEN
from queries.exports.making import NoRoom, NotMade
from queries.views.reading import Broken
from schedules import telling
from schedules.asking import Ask
from schedules.letters import Sent
from schedules.noting import SENDS, SPAN, forget_old, note_due, put_in_doubt
from schedules.settings import Settings
from schedules.ways import Leaving, NotSet

PAUSES = tuple(timedelta(minutes=one) for one in (1, 5, 15, 30))  # before it is tried again; then it is given up
TIDY_EVERY = timedelta(hours=1)
MAILS, AT_ONCE = "mails", 4  # of a lane, and how many of them may be on their way at once
# For good: trying again would say the same.
_FINAL = (AskedWrongly, CredentialsRefused, Declined)

log = structlog.get_logger(__name__)


class Sender:
    """Sends for all schedules. ``lanes`` may be taken at the same time, in threads of their own; ``step`` takes them in turn."""

    def __init__(self, database: Database, settings: Settings, ask: Ask, now: Callable[[], datetime] = clock.now):
        self._database = database
        self._settings = settings
        self._ask = ask
        self._now = now
        self._tidied = clock.EARLIEST
        self._choosing = threading.Lock()
        self._under_way: dict[UUID, tuple[frozenset[str], float]] = {}  # sends -> recipients, and since when

    def step(self) -> bool:
        """Write down what is due, send one of it each way, and tell of what went wrong; whether there was any of this. Raises
        SQLAlchemyError where the database is away."""
        return any([take() for take in self.lanes().values()])

    def lanes(self) -> dict[str, Callable[[], bool]]:
        """Name -> a step, which says whether there was something to do. Each server or folder has a lane of its own, so that one
        that hangs holds up nothing but what goes there. Mails have several: a server may hang at one address and at no other."""
        ways = self._ways()
        nowhere = not_(or_(false(), *ways.values()))  # the settings lack it, so that it fails at once
        lanes = {name: partial(self._send_next, which) for name, which in ways.items()}
        if MAILS in ways:
            beside = partial(self._mail_beside, ways[MAILS])
            lanes |= {f"{MAILS} beside {number}": beside for number in range(1, AT_ONCE)}
        return {"due": partial(self._note, nowhere)} | lanes | {"trouble": self._tell}

    def _ways(self) -> dict[str, ColumnElement[bool]]:
        found = {MAILS: Schedule.way == MAIL} if self._settings.mail else {}
        if self._settings.folder:
            found["folder"] = Schedule.way == FOLDER
        for name in self._settings.buckets:
            within = Schedule.place.startswith(f"{name}/", autoescape=True)
            found[f"bucket {name}"] = and_(Schedule.way == BUCKET, or_(Schedule.place == name, within))
        return found

    def _note(self, nowhere: ColumnElement[bool]) -> bool:
        found = note_due(self._database, self._now())
        found = put_in_doubt(self._database, self._now()) or found
        if not self._tidied <= self._now() < self._tidied + TIDY_EVERY:
            self._tidied = self._now()
            forget_old(self._database, self._tidied)
        return self._send_next(nowhere) or found

    def _tell(self) -> bool:
        return telling.tell_next(self._database, self._settings, self._now())

    def _send_next(self, which: ColumnElement[bool]) -> bool:
        with self._taken(which) as waiting:
            if waiting is not None:
                self.send(waiting)
        return waiting is not None

    def _mail_beside(self, which: ColumnElement[bool]) -> bool:
        """Send one beside those that are on their way, where all of these take long: many servers want few lines at a time."""
        assert self._settings.mail is not None
        began = [since for to, since in [*self._under_way.values()] if to]
        if not began or time.monotonic() - max(began) < self._settings.mail.beside:
            return False
        return self._send_next(which)

    @contextmanager
    def _taken(self, which: ColumnElement[bool]) -> Iterator[ScheduledSend | None]:
        """The next that waits, and goes to nobody whom something is on its way to: where the server hangs at an address, what
        else goes there would take one lane after the other."""
        with self._choosing:
            held = frozenset[str]().union(*(own for own, _ in self._under_way.values()))
            waiting, to = self._waiting(which, held)
            if waiting is not None:
                self._under_way[waiting.id] = to, time.monotonic()
        try:
            yield waiting
        finally:
            if waiting is not None:
                with self._choosing:
                    del self._under_way[waiting.id]

    def _waiting(self, which: ColumnElement[bool], held: frozenset[str]) -> tuple[ScheduledSend | None, frozenset[str]]:
        """The first that is due and has none of the recipients, with its own. What was tried in vain comes after all others."""
        now = self._now()
        # What was put off for longer than we ever do was put off by a clock that has been set back.
        due = (SENDS.c.next_at <= now) | (SENDS.c.next_at > now + 2 * PAUSES[-1])
        waits = (SENDS.c.state == PENDING, due, free(SENDS.c.lease_until, now, SPAN), which)
        order = (SENDS.c.attempts > 0, SENDS.c.due_at)
        found = select(SENDS.c.id, Schedule.recipients).join(Schedule, Schedule.id == SENDS.c.schedule_id)
        with self._database.read() as session:
            for send_id, recipients in session.execute(found.where(*waits).order_by(*order)):
                if held.isdisjoint(recipients):
                    return session.get(ScheduledSend, send_id), frozenset(recipients)
        return None, frozenset()

    def send(self, send: ScheduledSend) -> None:
        """This one, where nobody else has it."""
        lease = str(ids.new())
        now = self._now()
        mine = (SENDS.c.id == send.id, SENDS.c.state == PENDING, free(SENDS.c.lease_until, now, SPAN))
        if not self._update(*mine, lease_owner=lease, lease_until=until(now, SPAN)):
            return
        with self._database.read() as session:
            schedule = session.get(Schedule, send.schedule_id)
            view = session.get(View, schedule.view_id) if schedule else None
        if schedule is None or view is None:  # deleted meanwhile, and its sends with it
            return

        def renew(session: Any) -> None:
            held = update(SENDS).where(SENDS.c.id == send.id, SENDS.c.lease_owner == lease)
            if changed(session, held.values(lease_until=until(self._now(), SPAN))) != 1:
                raise LeaseLost

        leaving = Leaving(self._settings, Sent(schedule, send, view.name), self._now)
        with kept(self._database, SPAN, renew, schedule.name):
            became = self._became(leaving, view, lease)
        if became is None:
            return
        if send.trial:  # whoever had it tried looks
            became["tell_at"] = None
        held = (SENDS.c.id == send.id, SENDS.c.lease_owner == lease)
        # What was thought lost, and was not, is what it became all the same; what somebody else has taken is theirs.
        if self._update(*held, SENDS.c.state.in_((PENDING, SENDING, UNKNOWN)), lease_until=None, **became):
            log.info("schedule_sent", schedule=schedule.name, due_at=clock.iso(send.due_at), state=became["state"])

    def _became(self, leaving: Leaving, view: View, lease: str) -> dict[str, Any] | None:
        """What the row is to say; None where it is somebody else's now."""
        send = leaving.sent.send
        try:
            leaving.check()  # before anything is asked that could not be sent
            answer = self._ask(view, leaving.sent.schedule.form, leaving.most_rows(), send.due_at)
        except NoRoom as error:
            return self._again(send, "view_failed", str(error))
        except (Broken, NotMade) as error:
            return self._failed(VIEW_BROKEN, f"The view cannot be asked as it is: {error}")
        except NotSet as error:
            return self._failed(error.error_id, str(error))
        except SQLAlchemyError:
            with suppress(SQLAlchemyError):
                self._update(SENDS.c.id == send.id, SENDS.c.lease_owner == lease, lease_until=None)
            raise
        except Exception as error:
            log.exception("view_not_answered", schedule=leaving.sent.schedule.name, error=type(error).__name__)
            return self._again(send, "view_failed", "The view could not be answered; the log says why.")
        now = self._now()
        left = {"state": SENDING, "sent_at": now, "attempts": send.attempts + 1, "lease_until": until(now, SPAN)}
        left |= {"rows": answer.count, "size": answer.size, "target": leaving.target()}
        if not self._update(SENDS.c.id == send.id, SENDS.c.lease_owner == lease, SENDS.c.state == PENDING, **left):
            return None
        try:
            said = leaving.leave(answer)
        except Uncertain as error:
            doubt = {"state": UNKNOWN, "reason": error.error_id, "answer": str(error)}
            return self._settled(**doubt, tell=True)
        except _FINAL as error:
            return self._failed(error.error_id, str(error)) | {"sent_at": send.sent_at}
        except ExchangeError as error:
            return self._again(send, error.error_id, str(error)) | {"sent_at": send.sent_at}
        # A mail says by itself what it lacks; of a file that is said here.
        lacks = " ".join(answer.lacking) if leaving.sent.schedule.way != MAIL else ""
        return self._settled(
            state=SENT, reason="partly_refused" if said else None, answer=said or lacks or None, tell=bool(said)
        )

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
