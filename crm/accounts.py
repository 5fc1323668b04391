"""The account that a destination writes to: whether it still is the one it was, and who else writes there.

What was logged at one account is looked up, corrected and taken back in no other: its ids would be somebody else's there. And of
two destinations that log calls at the same place of one account only one logs each, since they have the same mark there.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import sharing
from crm.base import AnyClient, Crm, NotSetUp
from crm.destination import Destination
from lib.http.errors import Unavailable
from models import Delivery, DestinationState
from models.bulk import among
from models.database import Database, changed
from models.deliveries import DONE, LOG_CALL, PARKED, PENDING, SENDING, UNKNOWN

SHARED = "shared"  # why a call is done that another destination logs at the account
_COMING = (PENDING, SENDING, PARKED)


class OtherAccount(NotSetUp):
    """The credentials are those of another account than the one where everything stands that was written."""

    error_id = "other_account"


class Account:
    """Of one destination, for one sender. ``beside``: the other destinations of the settings."""

    def __init__(self, database: Database, destination: Destination, crm: Crm, beside: Collection[Destination] = ()):
        self._database = database
        self._destination = destination
        self._crm = crm
        others = [one for one in beside if one.name != destination.name and one.kind == destination.kind]
        place = crm.place(destination)
        self._near = {one.name: one for one in others if crm.calls and one.log_calls and crm.place(one) == place}
        self._checked = False

    def check(self, client: AnyClient) -> None:
        """Before anything is asked of the CRM that depends on it. Raises OtherAccount, and what asking raises where it is known
        what the answer should be."""
        if self._checked:
            return
        with self._database.read() as session:
            known = noted(session, self._destination.name)
        try:
            found = self._crm.account(client)
        except Unavailable:
            if known is not None:
                raise
            found = None
        if found is None:
            return  # and asked again the next time
        same(self._destination.name, known, found)
        if known is None:
            with sharing.write(self._database) as session:
                mine = (DestinationState.name == self._destination.name, DestinationState.account.is_(None))
                changed(session, update(DestinationState).where(*mine).values(account=found))
        self._checked = True

    def logged_by_others(self, outcomes: Mapping[UUID, bool]) -> Mapping[UUID, str]:
        """Outcome -> the other destination that logs its call at the same place. ``outcomes``: whether we may have logged it
        before. Who has logged it goes on with it; else, and where several have, who was started first."""
        if not self._near or not outcomes:
            return {}
        with self._database.read() as session:
            return self.others(session, outcomes)

    def hold(self, session: Session) -> None:
        """Nobody who logs calls at the same place takes or settles any until the end of the transaction."""
        if self._near:
            names = (self._destination.name, *self._near)
            rows = select(DestinationState.name).where(DestinationState.name.in_(names)).order_by(DestinationState.name)
            session.execute(rows.with_for_update()).all()  # in one order, so that of two neither waits for the other

    def others(self, session: Session, outcomes: Mapping[UUID, bool]) -> Mapping[UUID, str]:
        """As ``logged_by_others``."""
        if not self._near or not outcomes:
            return {}
        rows = {row.name: row for row in session.scalars(select(DestinationState))}
        own = rows[self._destination.name]
        names = [name for name, one in self._near.items() if name in rows and self._are_one(own, rows[name], one)]
        first = {name for name in names if (rows[name].started_at, name) < (own.started_at, own.name)}
        columns = select(Delivery.outcome_id, Delivery.destination, Delivery.state, Delivery.remote_id)
        theirs = (Delivery.destination.in_(names), Delivery.operation == LOG_CALL)
        found = session.execute(columns.where(among(session, Delivery.outcome_id, outcomes), *theirs)).all()
        speak: dict[UUID, str] = {}
        for row in found:
            # Whoever has left it to another has no id of it.
            is_there = row.state == UNKNOWN or (row.state == DONE and row.remote_id is not None)
            is_first = row.destination in first and (is_there or row.state in _COMING)
            if is_first or (is_there and not outcomes[row.outcome_id]):
                speak[row.outcome_id] = row.destination
        return speak

    def _are_one(self, own: DestinationState, row: DestinationState, other: Destination) -> bool:
        if own.account is not None and row.account is not None:
            return own.account == row.account
        return self._crm.portal(self._destination) == self._crm.portal(other)


def said_of(name: str) -> str:
    """What is said of a call that the destination of this name logs for others."""
    return f"{name} logs it at this account."


def check(database: Database, destination: Destination, crm: Crm, client: AnyClient) -> str | None:
    """The account that the destination has written to, where that is known. Raises OtherAccount, and what asking raises."""
    with database.read() as session:
        known = noted(session, destination.name)
    if known is not None:
        same(destination.name, known, crm.account(client))
    return known


def noted(session: Session, name: str) -> str | None:
    """The account that the destination has written to; None where it is not known."""
    return session.scalar(select(DestinationState.account).where(DestinationState.name == name))


def same(name: str, known: str | None, found: str | None) -> None:
    """Raises OtherAccount."""
    if known is not None and found is not None and known != found:
        raise OtherAccount(
            f"{name} has written to the account {known}, and its credentials are now those of {found}, where nothing of that "
            "stands. Put back those of the first, or give the other account a destination of its own."
        )
