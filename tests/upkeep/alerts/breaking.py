"""How each thing is broken, and mended again."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, update

from lib import ids
from models import (
    CallEvent,
    Delivery,
    DestinationState,
    Erasure,
    Kept,
    KnownToken,
    LeadLoad,
    LoadedLead,
    PollCursor,
    Receipt,
    Schedule,
    ScheduledSend,
    Suppression,
    TakeOut,
    strangers,
)
from tests.factories import delivery, event, load, outcome, receipt, take_out
from tests.schedules.rig import view
from tests.upkeep.alerts.rig import Rig
from upkeep import endings
from upkeep.backups import noted

AGO = timedelta(hours=3)
Step = Callable[[Rig], None]


def in_database(step) -> Step:
    def done(rig: Rig) -> None:
        with rig.database.write() as session:
            step(rig, session)

    return done


def _misaddressed(rig, session):
    for name, seen in (("outdated", rig.now - AGO), ("present", rig.now)):
        session.add(KnownToken(connection="ryng-main", fingerprint=name, first_seen_at=seen, last_seen_at=seen))
    own = {"state": "quarantined", "reason": "wrong_token", "stranger": True, "known_sender": True}
    receipt(session, **own, headers={"token-fingerprint": "outdated"})


def _unread(rig, session):
    facts = {"_unread": {"callEnded": "XYZ"}}
    event(session, outcome(session), receipt(session, state="ignored"), facts=facts)


def _suppressed(rig, session):
    own = {"number": "+919800012399", "number_raw": "9800012399", "source": "person", "added_by": "Ann"}
    session.add(Suppression(id=ids.new(), added_at=rig.now - AGO, spread_at=None, origin="", **own))


def _scheduled(rig: Rig) -> None:
    found = view(rig.database)
    own = {"id": ids.new(), "name": "Daily", "view_id": found.id, "way": "mail", "recipients": ["a@example.com"]}
    own |= {"place": "", "form": "csv", "at": ["07:00"], "weekdays": [], "tz": "UTC", "created_by": "Ann"}
    own |= dict.fromkeys(("next_at", "created_at", "changed_at"), rig.now - AGO)
    sent = {"id": ids.new(), "schedule_id": own["id"], "trial": False, "state": "failed", "answer": "No."}
    sent |= dict.fromkeys(("due_at", "created_at", "next_at", "settled_at"), rig.now - AGO)
    with rig.database.write() as session:
        session.add(Schedule(**own))
        session.add(ScheduledSend(**sent))


def _unscheduled(rig, session):
    session.execute(delete(ScheduledSend))
    session.execute(update(Schedule).values(paused_at=rig.now))


def _at_destination(**values) -> Step:
    return in_database(lambda rig, session: session.execute(update(DestinationState).values(values)))


def _gone(model, *which) -> Step:
    return in_database(lambda rig, session: session.execute(delete(model).where(*which)))


def _nothing(rig: Rig) -> None:
    """What grows is well when it grows no more."""


def _noted(what: str, ago: timedelta = timedelta(0)) -> Step:
    return lambda rig: noted.note(rig.folder, what, rig.now - ago)


def _erasing(rig, session):
    own = {"stand_in": "+380~9f86d081884c7d65", "key_id": "k", "by": "Ann", "keep_uncalled": True, "step": "files"}
    own |= {"counts": {}, "told": [], "left": [], "erased_at": rig.now - timedelta(days=2)}
    session.add(Erasure(id=ids.new(), **own))


def _beats(on: bool) -> Step:
    def done(rig: Rig) -> None:
        rig.beating = on

    return done


def _hang(rig: Rig) -> None:
    """Steady clocks are not set by tests: the loop went round ten minutes ago."""
    rig.looping = False
    rig.beats._last["normalize"] -= 700


def _go_round(rig: Rig) -> None:
    rig.looping = True


def _refuse(rig: Rig) -> None:
    rig.refused.add("key_required")


# Condition -> (what breaks it, what mends it).
BREAKS: dict[str, tuple[Step, Step]] = {
    "callbacks_spooled": (
        lambda rig: rig.spool.append([b"x" * 90]),
        lambda rig: rig.spool.drain(lambda payloads: None),
    ),
    "backup_old": (_noted(noted.BACKUP, timedelta(days=2)), _noted(noted.BACKUP)),
    "restore_drill_old": (_noted(noted.DRILL, timedelta(days=50)), _noted(noted.DRILL)),
    "retention_fails": (
        in_database(lambda rig, session: session.add(Kept(kind="receipts", failing_since=rig.now - AGO, error="No."))),
        in_database(lambda rig, session: session.execute(update(Kept).values(failing_since=None, error=None))),
    ),
    "erasures_open": (
        in_database(_erasing),
        in_database(lambda rig, session: session.execute(update(Erasure).values(state="done", ended_at=rig.now))),
    ),
    "worker_away": (_beats(False), _beats(True)),
    "loop_stuck": (_hang, _go_round),
    "receipts_wait": (
        in_database(lambda rig, session: receipt(session, state="pending", received_at=rig.now - AGO)),
        _gone(Receipt, Receipt.state == "pending"),
    ),
    "quarantine_grows": (
        in_database(lambda rig, session: receipt(session, state="quarantined", reason="unparseable")),
        _nothing,
    ),
    "misaddressed": (in_database(_misaddressed), _gone(Receipt, Receipt.stranger.is_(True))),
    "strangers_dropped": (
        in_database(lambda rig, session: strangers.drop(session, "ryng-main", 3, rig.now)),
        _nothing,
    ),
    "many_refused": (_refuse, _nothing),
    "processes_end": (lambda rig: endings.note(rig.folder, endings.WORKER), _nothing),
    "values_unread": (in_database(_unread), _gone(CallEvent)),
    "polls_fail": (
        in_database(lambda rig, session: session.execute(update(PollCursor).values(failures=4))),
        in_database(lambda rig, session: session.execute(update(PollCursor).values(failures=0))),
    ),
    "leads_in_doubt": (
        in_database(lambda rig, session: load(session, connection="qvoice-main", leads=["unknown"])),
        _gone(LoadedLead),
    ),
    "loads_parked": (
        in_database(lambda rig, session: load(session, connection="qvoice-main", leads=[], state="parked")),
        _gone(LeadLoad, LeadLoad.state == "parked"),
    ),
    "suppressed_leads_wait": (
        in_database(_suppressed),
        in_database(lambda rig, session: session.execute(update(Suppression).values(spread_at=rig.now))),
    ),
    "suppressed_leads_by_hand": (in_database(lambda rig, session: take_out(session)), _gone(TakeOut)),
    "destination_down": (_at_destination(failures=3, error="It is down."), _at_destination(failures=0, error=None)),
    "destination_behind": (_at_destination(position=0), _at_destination(position=1_000_000)),
    "deliveries_wait": (
        in_database(lambda rig, session: delivery(session, state="pending", created_at=rig.now - AGO)),
        _gone(Delivery, Delivery.state == "pending"),
    ),
    "deliveries_held": (in_database(lambda rig, session: delivery(session, state="held")), _nothing),
    "deliveries_refused": (in_database(lambda rig, session: delivery(session, state="refused")), _nothing),
    "schedules_overdue": (_scheduled, in_database(_unscheduled)),
    "schedules_in_trouble": (_nothing, _nothing),  # the same schedule
}
# Of what stays away when nothing comes any more: the rig stops.
SILENT = {"callbacks_silent", "refusals_old", "polls_behind"}
# These have tests of their own.
APART = {"unreachable", "database_away", "database_read_only", "alerts_untold"}
APART |= {"disk_nearly_full", "database_disk_nearly_full"}
