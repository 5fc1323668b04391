"""How far a report is complete: the one definition, for the API, the pages and the metrics.

Complete to T means: every record up to T that the dialer had was asked for and kept, from where the layer that
looks back farthest began at its first walk: what is older is a history (``polling.history``). A layer says so only of what it
walked:

- a window, once walked, begins where the last one ended, so the layer that came farthest speaks for the report;
- a layer that follows single calls (``awaiting``) asks for nothing but them, and says nothing of the report;
- a layer that had nothing to ask for has asked nothing, and moves nowhere;
- a walk that was not answered all that it asked for moves nowhere, or, where the next window must begin at its end, has left a
  gap, of which the layer's warning tells until the layer is walked without one;
- as long as the layer that looks back farthest was never walked, what lies before the others was never asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from dialers.asking import Layer
from dialers.base import Connection
from dialers.registry import DIALERS
from dialers.vocabulary import AWAITING_DISPOSITION, PROVISIONAL
from lib import clock
from models import CallOutcome
from queries.asks import Asks
from queries.selection import conditions

LATE = timedelta(minutes=2)  # a worker looks every second; what was due for longer is not asked for as it should be


@dataclass(frozen=True)
class Reached:
    """How far a report is complete. ``to`` None: it was never read. ``back``: only so far back, as yet. ``idle``: there is
    nothing to ask for at present, so that ``to`` says when something was asked for last. ``gaps``: something of it was not
    answered, and a layer's warning says what."""

    report: str
    to: datetime | None
    back: timedelta | None = None
    idle: bool = False
    gaps: bool = False

    def words(self, shown: str) -> str:
        """As a sentence; ``shown`` is how the reader's zone writes ``to``."""
        name = self.report.replace("_", " ")
        if self.idle:
            return f"{name}: nothing to ask for" + (f"; asked last at {shown}" if self.to else "")
        if self.to is None:
            return f"{name} not read yet"
        back = f", {clock.span(self.back)} back; what is older has not been read yet" if self.back else ""
        return f"{name} complete to {shown}{back}" + (", with a gap" if self.gaps else "")


def of_reports(connection: Connection | None, polls: Sequence[Mapping[str, Any]]) -> list[Reached]:
    """One for each report that the connection is asked for, in the dialer's order; then for those of which only cursors
    are left. ``polls`` are the connection's, as ``health.poll_states`` gives them."""
    by_report: dict[str, dict[str, Mapping[str, Any]]] = {}
    for poll in polls:
        by_report.setdefault(poll["report"], {})[poll["layer"]] = poll
    reports = DIALERS[connection.dialer].reports_of(connection) if connection else []
    found = [_reached(one.name, one.layers, by_report.get(one.name, {})) for one in reports]
    asked = {one.name for one in reports}
    return found + [_left(name, own) for name, own in by_report.items() if name not in asked]


def is_asked_for(connection: Connection | None, report: str, layer: str) -> bool:
    """Whether the settings of today have this layer of the report polled. Else its cursor is all that is left: the connection was
    removed, has another dialer by now, or the report was switched off."""
    reports = DIALERS[connection.dialer].reports_of(connection) if connection else []
    return any(one.name == report and any(own.name == layer for own in one.layers) for one in reports)


def reports_of_calls(connection: Connection) -> set[str]:
    """Those of its reports that tell of calls; the others are of the present moment."""
    reports = DIALERS[connection.dialer].reports_of(connection)
    return {one.name for one in reports if any(layer.span or layer.jobs for layer in one.layers)}


def is_late(due_at: datetime | None, now: datetime) -> bool:
    """Whether a report is not asked for as it should be. ``due_at`` None: it is not to be asked for."""
    return due_at is not None and now - due_at > LATE


def layer_to(poll: Mapping[str, Any], report: Reached, now: datetime) -> datetime | None:
    """How far a layer of the report is complete; None where it was never walked. One that is asked for seldom, and on time, lacks
    nothing that the report has; one that fails or is late knows no more than it was told last."""
    own = clock.read(poll["complete_to"])
    if own is None or report.to is None or poll["failures"] or is_late(clock.read(poll["due_at"]), now):
        return own
    return max(own, report.to)


def unsettled(session: Asks, filters: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """How many of these calls are not over, and how many await their disposition: by settling state, and then by connection."""
    found: dict[str, dict[str, int]] = {PROVISIONAL: {}, AWAITING_DISPOSITION: {}}
    counted = (CallOutcome.settling, CallOutcome.connection)
    wanted = (*conditions(filters), CallOutcome.settling.in_(found))
    for settling, name, calls in session.execute(select(*counted, func.count()).where(*wanted).group_by(*counted)):
        found[settling][name] = calls
    return found


def _reached(name: str, layers: Sequence[Layer], polls: Mapping[str, Mapping[str, Any]]) -> Reached:
    speaking = [layer for layer in layers if not layer.awaiting]
    known = [poll for layer in speaking if (poll := polls.get(layer.name))]
    to = _farthest(known)
    idle = bool(known) and all(poll["idle"] for poll in known)
    gaps = any(poll["warning"] for poll in known)
    windows = [layer for layer in speaking if layer.span and not layer.jobs]
    unread = [layer for layer in windows if not (polls.get(layer.name) or {}).get("complete_to")]
    if to is None or not unread or max(unread, key=_span) is not max(windows, key=_span):
        return Reached(name, to, None, idle, gaps)
    read = [layer for layer in windows if layer not in unread]
    return Reached(name, to, max(_span(layer) for layer in read) if read else None, idle, gaps)


def _left(name: str, polls: Mapping[str, Mapping[str, Any]]) -> Reached:
    gaps = any(poll["warning"] for poll in polls.values())
    return Reached(name, _farthest(poll for poll in polls.values() if not poll["idle"]), gaps=gaps)


def _farthest(polls: Iterable[Mapping[str, Any]]) -> datetime | None:
    return max((at for poll in polls if (at := clock.read(poll["complete_to"]))), default=None)


def _span(layer: Layer) -> timedelta:
    return layer.span or timedelta(0)
