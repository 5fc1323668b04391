"""``wrapup worker``: normalizes within a second of receipt, settles by time, completes calls by what is
learned later, applies decisions, polls, sends leads, delivers to destinations. Several may run at once.

Each loop is a thread of its own, so that a dialer that hangs delays no outcome. What is pending stands in the database;
a worker that dies forgets nothing. ``wrapup serve`` starts this module itself, so that the web side is not loaded.
"""

import gc
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dialers.base import Connection
from leads.spreading import Spreading
from lib import outside
from models.building import Builder
from models.database import Database
from models.errors import said
from outcomes import callback_pace, in_hand
from outcomes.applying import apply_next
from outcomes.deadly import Normalizing
from outcomes.decisions import Decided
from outcomes.do_not_call import Past
from outcomes.feed_place import FeedPlace
from outcomes.meeting import Meeting
from outcomes.normalize import batch_size
from outcomes.settle import Waiting, settle_due
from service import logs, loops
from service.batches import BESIDE_SECONDS, Batches
from service.duties import ONLY_RECEIPTS, Duties, duties_of
from service.erasing import Erasing
from service.normalizer import Beside
from service.outward import outward
from service.retaining import retaining
from service.settings import config
from service.supervisor import hooks
from upkeep import endings
from upkeep.beats import EVERY_SECONDS, Beats
from upkeep.metrics.names import BEATS

log = structlog.get_logger(__name__)

SETTLE_SECONDS = 5.0
PACE_SECONDS = 30.0
MEET_SECONDS = 1.0
PLACE_SECONDS = 1.0
APPLY_SECONDS = 1.0
MIRROR_SECONDS = 5.0
ERASE_SECONDS = 1.0
BUILD_SECONDS = 60.0
END_SECONDS = 6.0  # for all loops together: what a request holds that hangs was written down before it left


def run(database: Database, settings: config.Settings, started: Callable[[], None] = lambda: None) -> None:
    """Work until SIGTERM or SIGINT; the transaction at hand is finished first. ``started`` is called when it works."""
    duties, beats = duties_of(database, settings), Beats(database)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # What is loaded by now stays for ever, and what a batch makes goes by itself: the collector has little to find.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    place = FeedPlace(database, settings.data_dir, starts=True)
    beside = Beside(database, settings.file_hash, partial(endings.note, settings.data_dir, endings.NORMALIZER))
    known = (settings.connections, settings.callbacks_of())
    threads = start(database, *known, place, settings.data_dir, stop, duties, beside, beats)
    log.info("worker_started", loops=[thread.name for thread in threads])
    started()
    while not stop.wait(1.0):
        for thread in threads:
            if not thread.is_alive():
                raise SystemExit(f"The loop {thread.name} ended by itself; the worker must be started again.")
    in_hand.leave()
    beside.stop()
    wait_for(threads, END_SECONDS)
    if duties.mirroring is not None:
        duties.mirroring.close()
    try:
        place.look()
        beats.end()
        if duties.watch is not None:
            duties.watch.leave()
    except SQLAlchemyError as error:
        log.error("database_trouble", loop="the end", error=type(error).__name__, said=said(error))
    log.info("worker_stopped")


def wait_for(threads: Iterable[threading.Thread], seconds: float) -> None:
    """Wait until they have ended, so long for all of them together: where one hangs on its request, others may, too."""
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def start(
    database: Database,
    connections: Mapping[str, Connection],
    callbacks: Mapping[str, Mapping[str, str]],
    place: FeedPlace,
    data_dir: Path,
    stop: threading.Event,
    duties: Duties = ONLY_RECEIPTS,
    beside: Beside | None = None,
    beats: Beats | None = None,
) -> list[threading.Thread]:
    """Start the loops; they end soon after ``stop`` is set. ``callbacks``: our URLs by connection and kind. ``beside``: the
    second process that normalizes a backlog; ``beats``: who says that they live."""
    decided = Decided(database, connections)
    normalize, whole = Normalizing(database, decided, data_dir).step, batch_size(database)
    note = beside.note if beside else lambda taken: None
    batches = Batches(normalize, whole, stop, duties.taking_in, note=note)
    waiting, refusing = Waiting(database, connections), Past(database)
    meeting, spreading = Meeting(database, connections), Spreading(database, connections)
    steps: loops.Steps = {
        "normalize": (batches.step, batches.pause),
        "meet": (lambda: spreading.step() or meeting.step(), MEET_SECONDS),
        "apply decisions": (lambda: apply_next(database, decided), APPLY_SECONDS),
        "settle": (lambda: settle_due(database, connections) or waiting.settle() or refusing.step(), SETTLE_SECONDS),
        "pace": (lambda: callback_pace.learn(database, connections), PACE_SECONDS),
        "feed place": (place.look, PLACE_SECONDS),
    }
    if not database.is_sqlite:  # one computes while the other waits for the server; SQLite has one writer anyway
        more = Batches(normalize, whole, stop, gather=BESIDE_SECONDS, note=note)
        steps["normalize beside"] = (more.step, more.pause)
        steps["build indexes"] = (Builder(database).step, BUILD_SECONDS)
    steps |= retaining(database, duties.ages, stop)
    if duties.eraser is not None:
        steps["erase"] = (Erasing(duties.eraser).step, ERASE_SECONDS)
    if duties.mirroring is not None:
        steps["mirror"] = (duties.mirroring.step, MIRROR_SECONDS)
    if not outside.is_closed():  # else it is a copy: what it would ask or send, the living one does
        steps |= outward(database, connections, callbacks, stop, duties.destinations, duties.sender)
    if beats is not None:
        _see_the_clock(database)
        steps[BEATS] = (beats.write, EVERY_SECONDS)
    after = beats.note if beats else (lambda name: None)
    # Who says that something is wrong looks at no place in the feed first: it may be the database that is away.
    lanes = duties.watch.lanes() if duties.watch and not outside.is_closed() else {}
    threads = [
        threading.Thread(target=loops.run, args=(name, step, pause, stop, before, after), name=name, daemon=True)
        for some, before in ((steps, place.check), (lanes, _at_once))
        for name, (step, pause) in some.items()
    ]
    for thread in threads:
        after(thread.name)  # one that hangs in its first step has not gone round since then
        thread.start()
    return threads


def _see_the_clock(database: Database) -> None:
    """Before the first lease is taken (``models.shared_clock``). Where the database is away none can be."""
    try:
        with database.read() as session:
            session.connection()
    except SQLAlchemyError as error:
        log.error("database_trouble", loop="clocks", error=type(error).__name__, said=said(error))


def _at_once() -> None: ...


def main() -> None:
    """What ``wrapup serve`` starts. Raises BadSettings."""
    settings = config.load()
    logs.configure(settings.log_level, serving=True)
    if not settings.outside:
        outside.close()
    run(settings.database(), settings, hooks.tell_ready)


if __name__ == "__main__":
    main()
