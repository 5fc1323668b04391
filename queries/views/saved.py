"""Views and their export links, as they are kept: whose they are, and which link a secret opens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lib import clock, ids, secrets
from models import ApiKey, ExportLink, View

MOST_VIEWS, MOST_LINKS = 1_000, 50  # of all; of a view. Lists of them need no pages


class TooMany(ValueError):
    """There are so many that another would help nobody. The message is a sentence."""


class InUse(ValueError):
    """A schedule sends the view. The message is a sentence."""


def views(session: Session, key_name: str, everybodys: bool = False) -> list[View]:
    """Those that the key may see, by name: its own and the shared ones; ``everybodys``: all."""
    found = select(View).order_by(func.lower(View.name), View.id)
    if not everybodys:
        found = found.where(_seen_by(key_name))
    return list(session.scalars(found))


def find(session: Session, view_id: UUID, key_name: str, everybodys: bool = False) -> View | None:
    """The view, where the key may see it."""
    view = session.get(View, view_id)
    return view if view and (everybodys or view.owner in (None, key_name)) else None


def name_for(key_name: str, everybodys: bool = False) -> ColumnElement[str | None]:
    """The name of a view, where the key may see it; else null."""
    return case((true() if everybodys else _seen_by(key_name), View.name))


def _seen_by(key_name: str) -> ColumnElement[bool]:
    return or_(View.owner.is_(None), View.owner == key_name)


def made(
    name: str, kind: str, report: str | None, query: Mapping[str, Sequence[str]], by: str, shared: bool = False
) -> View:
    """A new view, which nothing keeps yet."""
    now = clock.now()
    return View(
        id=ids.new(),
        name=name,
        owner=None if shared else by,
        kind=kind,
        report=report,
        query={name: list(values) for name, values in query.items()},
        created_at=now,
        created_by=by,
        changed_at=now,
    )


def keep(session: Session, view: View) -> None:
    """Raises TooMany."""
    if (session.scalar(select(func.count()).select_from(View)) or 0) >= MOST_VIEWS:
        raise TooMany(f"There are {MOST_VIEWS:,} views; delete some first.")
    session.add(view)
    session.flush()


def share(session: Session, view: View, shared: bool) -> None:
    """For all, or for the key that has saved it alone: then the links of others end."""
    view.owner = None if shared else view.created_by
    if not shared:
        others = update(ExportLink).where(ExportLink.view_id == view.id, ExportLink.created_by != view.created_by)
        session.execute(others.where(ExportLink.revoked_at.is_(None)).values(revoked_at=clock.now()))


def remove(session: Session, view: View) -> None:
    """Delete the view and its links. Raises InUse, after which the transaction is to be given up."""
    try:
        session.execute(delete(ExportLink).where(ExportLink.view_id == view.id))
        session.delete(view)
        session.flush()
    except IntegrityError:
        raise InUse("A schedule sends this view; delete the schedule first.") from None


def links(session: Session, view_id: UUID) -> list[tuple[ExportLink, bool]]:
    """The view's links, the newest first, each with whether it is good."""
    now = clock.now()
    rows = session.execute(
        select(ExportLink, and_(*_of_good_key(now)))
        .join(ApiKey, ApiKey.id == ExportLink.key_id)
        .where(ExportLink.view_id == view_id)
        .order_by(ExportLink.id.desc())
        .limit(4 * MOST_LINKS)
    )
    return [(link, bool(of_good_key) and _good(link, now)) for link, of_good_key in rows]


def _of_good_key(now: datetime) -> list[ColumnElement[bool]]:
    """A link shows no more than its key may see, and for no longer. One that is limited to connections makes none; whom the
    provider of the sign-in names may become so."""
    ends = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    return [ApiKey.revoked_at.is_(None), ends, ApiKey.connections.is_(None)]


def _good(link: ExportLink, now: datetime) -> bool:
    return link.revoked_at is None and (link.expires_at is None or link.expires_at > now)


def make_link(
    session: Session, view: View, name: str, key: ApiKey, for_spreadsheet: bool, expires_at: datetime | None
) -> tuple[ExportLink, str]:
    """A new link, and its secret, which nobody is told again. Raises TooMany."""
    here = select(func.count()).select_from(ExportLink).where(ExportLink.view_id == view.id)
    if (session.scalar(here.where(ExportLink.revoked_at.is_(None))) or 0) >= MOST_LINKS:
        raise TooMany(f"The view has {MOST_LINKS} links; revoke some first.")
    secret = "wx_" + secrets.make(32)
    link = ExportLink(
        id=ids.new(),
        view_id=view.id,
        key_id=key.id,
        name=name,
        secret_hash=secrets.hashed(secret),
        for_spreadsheet=for_spreadsheet,
        created_at=clock.now(),
        created_by=key.name,
        expires_at=expires_at,
        revoked_at=None,
        used_at=None,
    )
    session.add(link)
    session.flush()
    return link, secret


def find_link(session: Session, link_id: UUID) -> tuple[ExportLink, View] | None:
    found = session.execute(
        select(ExportLink, View).join(View, View.id == ExportLink.view_id).where(ExportLink.id == link_id)
    ).one_or_none()
    return (found[0], found[1]) if found else None


def asked_lately(link: ExportLink, now: datetime) -> bool:
    """Whether it is written down already that the link was asked in this minute."""
    return link.used_at is not None and link.used_at >= _minute(now)


def note_use(session: Session, link_id: UUID, now: datetime) -> None:
    """Write down that the link was asked, of which the minute is kept."""
    session.execute(update(ExportLink).where(ExportLink.id == link_id).values(used_at=_minute(now)))


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def revoke(link: ExportLink) -> None:
    link.revoked_at = link.revoked_at or clock.now()


def opened(session: Session, secret: str, now: datetime) -> tuple[ExportLink, View] | None:
    """The link with that secret and its view; None where it is wrong, revoked or expired, or its key was revoked. Looked up by
    its hash, so no comparison's time tells anything about a secret."""
    found = session.execute(
        select(ExportLink, View)
        .join(View, View.id == ExportLink.view_id)
        .join(ApiKey, ApiKey.id == ExportLink.key_id)
        .where(ExportLink.secret_hash == secrets.hashed(secret), *_of_good_key(now))
    ).one_or_none()
    return (found[0], found[1]) if found and _good(found[0], now) else None


def shown(view: View, problem: str | None) -> dict[str, Any]:
    """As the API shows it. ``problem``: why it cannot be asked."""
    return {
        "id": str(view.id),
        "name": view.name,
        "owner": view.owner,
        "kind": view.kind,
        "report": view.report,
        "query": view.query,
        "problem": problem,
        "created_at": clock.iso(view.created_at),
        "created_by": view.created_by,
        "changed_at": clock.iso(view.changed_at),
    }


def shown_link(link: ExportLink, good: bool) -> dict[str, Any]:
    return {
        "id": str(link.id),
        "view_id": str(link.view_id),
        "name": link.name,
        "for": "spreadsheet" if link.for_spreadsheet else None,
        "good": good,
        "created_at": clock.iso(link.created_at),
        "created_by": link.created_by,
        "expires_at": clock.iso(link.expires_at),
        "revoked_at": clock.iso(link.revoked_at),
        "used_at": clock.iso(link.used_at),
    }
