"""Saved views as somebody keeps, changes and sends them, over HTTP or on a page, and logged with who it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

import structlog
from flask import Response, g
from sqlalchemy.orm import Session

from lib import clock
from models import ApiKey, ExportLink, View, audit
from queries.exports.formats import FORMATS
from queries.reports import files
from queries.views import answering, reading, saved
from queries.views.answering import Means
from queries.views.reading import Broken
from web import exports, spooled
from web.context import context
from web.errors import ApiError, invalid, not_found
from web.turns import REPORTS

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Who:
    """Whoever asks, and with which key."""

    name: str
    key_id: UUID
    is_admin: bool

    def may_change(self, view: View) -> bool:
        return self.is_admin or view.created_by == self.name

    def may_revoke(self, link: ExportLink, view: View) -> bool:
        return link.created_by == self.name or self.may_change(view)


def who() -> Who:
    if "reader" in g:
        return Who(g.reader.name, g.reader.key_id, g.reader.may("admin"))
    return Who(g.key_name, g.key_id, g.is_admin)


def means() -> Means:
    own = context()
    return Means(own.database, own.sources, own.connections, own.settings.limits, spooled.waiting)


def find(session: Session, view_id: UUID) -> View:
    """The view. Answers 404."""
    own = who()
    return saved.find(session, view_id, own.name, own.is_admin) or not_found("view")


def _to_change(session: Session, view_id: UUID) -> View:
    view = find(session, view_id)
    if not who().may_change(view):
        sentence = f"{view.created_by} has saved this view; that key and those with the scope admin may change it."
        raise ApiError(403, "not_yours", sentence)
    return view


def _check(view: View) -> None:
    """Answers 422 where it cannot be asked. Before it is written: on SQLite a callback would wait for the looking."""
    with context().database.read() as session:
        try:
            answering.check(session, means(), view)
        except Broken as error:
            invalid("report" if error.parameter == "report" else "query", str(error))


def problem(view: View) -> str | None:
    """Why it cannot be asked, in a sentence."""
    with context().database.read() as session:
        return answering.problem(session, means(), view)


def keep(name: str, kind: str, report: str | None, query: Mapping[str, Sequence[str]], shared: bool) -> dict[str, Any]:
    """A new view, as it is shown. Answers 409, 422."""
    view = saved.made(name, kind, report, query, who().name, shared)
    _check(view)
    with context().database.write() as session:
        try:
            saved.keep(session, view)
        except saved.TooMany as error:
            raise ApiError(409, "too_many_views", str(error)) from None
        audit.note(session, "view.create", subject=view.id, details={"kind": kind, "report": report, "shared": shared})
        log.info("view_saved", view_id=str(view.id), key=view.created_by)
        return saved.shown(view, None)


def change(view_id: UUID, told: Mapping[str, Any]) -> dict[str, Any]:
    """The view with another name or query, or for others. Answers 403, 404, 422."""
    with context().database.read() as session:
        view = _to_change(session, view_id)
        if "query" in told:
            _check(saved.made(view.name, view.kind, view.report, told["query"], view.created_by))
    with context().database.write() as session:
        view = _to_change(session, view_id)
        view.name, view.query = told.get("name", view.name), told.get("query", view.query)
        if "shared" in told:
            saved.share(session, view, told["shared"])
        view.changed_at = clock.now()
        session.flush()
        session.expunge(view)
        audit.note(session, "view.change", subject=view_id, details={"changed": sorted(told)})
        log.info("view_changed", view_id=str(view_id), key=who().name)
    return saved.shown(view, problem(view))


def remove(view_id: UUID) -> None:
    """Answers 403, 404, 409."""
    with context().database.write() as session:
        view = _to_change(session, view_id)
        try:
            saved.remove(session, view)
        except saved.InUse as error:
            raise ApiError(409, "view_in_use", str(error)) from None
        audit.note(session, "view.remove", subject=view_id)
        log.info("view_removed", view_id=str(view_id), key=who().name)


def make_link(
    view_id: UUID, name: str, for_spreadsheet: bool, expires_at: datetime | None
) -> tuple[dict[str, Any], str]:
    """The new link as it is shown, and its secret. Answers 404, 409, 422."""
    if expires_at is not None and expires_at <= clock.now():
        invalid("expires_at", "That is over already.")
    own = who()
    with context().database.read() as session:
        view = find(session, view_id)
        session.expunge(view)
    if (sentence := problem(view)) is not None:
        broken(sentence)
    with context().database.write() as session:
        view, key = find(session, view_id), session.get_one(ApiKey, own.key_id)
        try:
            link, secret = saved.make_link(session, view, name, key, for_spreadsheet, expires_at)
        except saved.TooMany as error:
            raise ApiError(409, "too_many_links", str(error)) from None
        told = {"view_id": str(view.id), "expires_at": clock.iso(expires_at)}
        audit.note(session, "export_link.make", subject=link.id, details=told)
        log.info("link_made", link_id=str(link.id), view_id=str(view.id), key=own.name)
        return saved.shown_link(link, True), secret


def revoke_link(link_id: UUID) -> dict[str, Any]:
    """The link as it is shown then. Answers 403, 404."""
    own = who()
    with context().database.write() as session:
        found = saved.find_link(session, link_id)
        if found is None or saved.find(session, found[1].id, own.name, own.is_admin) is None:
            not_found("export link")
        link, view = found
        if not own.may_revoke(link, view):
            raise ApiError(403, "not_yours", f"{link.created_by} has made this link, and {view.created_by} its view.")
        saved.revoke(link)
        audit.note(session, "export_link.revoke", subject=link.id, details={"view_id": str(view.id)})
        log.info("link_revoked", link_id=str(link.id), key=own.name)
        return saved.shown_link(link, False)


def address(secret: str, form: str) -> str:
    """Where a link answers."""
    return f"{context().settings.public_url.rstrip('/')}/x/{secret}.{form}"


def broken(sentence: str) -> NoReturn:
    raise ApiError(409, "view_broken", sentence)


def as_file(view: View, form: str, for_spreadsheet: bool) -> Response:
    """All that the view answers, as a file, in its turn. Answers 409, 429, 503, 505."""
    own = context()
    try:
        question = reading.read(view, own.connections)
        if question.report is None:
            with own.database.read() as session:
                filters = question.opened(question.asked(session, own.settings.limits, own.connections))
            choice = answering.choice(question, form, for_spreadsheet)
            return exports.streamed(exports.asked(filters), own.sources, filters, form, choice)
        with REPORTS.turn():
            data = files.made(form, answering.rows_of(means(), question), question.tz, for_spreadsheet)
    except Broken as error:
        broken(str(error))
    response = Response(data, content_type=FORMATS[form].content_type)
    name = f"{question.report.name}-{clock.now():%Y%m%dT%H%M%SZ}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
