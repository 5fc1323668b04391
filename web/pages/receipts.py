"""One receipt: what came, byte for byte, and what became of it."""

from uuid import UUID

from flask import (
    Blueprint,
    abort,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from dialers.bodies.forgiven import sentences
from models import Receipt
from queries import evidence, quarantine
from web import sorting_out
from web.context import context
from web.pages import bodies, session


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/receipts/<uuid:receipt_id>", view_func=receipt)
    blueprint.add_url_rule("/receipts/<uuid:receipt_id>/body", view_func=body)
    blueprint.add_url_rule("/receipts/<uuid:receipt_id>/replay", view_func=replay, methods=["POST"])
    blueprint.add_url_rule("/receipts/<uuid:receipt_id>/dismiss", view_func=dismiss, methods=["POST"])


def receipt(receipt_id: UUID) -> str:
    """Everything that was kept of it."""
    with session.database().read() as reading:
        found = evidence.find(reading, receipt_id)
        if found is None:
            abort(404)
        shown = bodies.of_receipt(found, bodies.PAGE)
        fingerprints = context().settings.token_fingerprints()
        return render_template(
            "pages/receipt.html",
            receipt=found,
            body=shown,
            calls=evidence.outcomes_of(reading, receipt_id),
            forgiven=_forgiven(found),
            sender=quarantine.sender(reading, found, fingerprints),
            todo=evidence.shown(found)["todo"],
        )


def _forgiven(found: Receipt) -> list[str]:
    """What was passed over when it was read, in sentences."""
    return sentences((found.forgiven or "").split())


def body(receipt_id: UUID) -> Response:
    """The bytes as a file. Never shown by the browser: they may be a page that somebody else has written."""
    with session.database().read() as reading:
        found = evidence.find(reading, receipt_id)
        if found is None:
            abort(404)
        response = make_response(found.body)
    response.content_type = "application/octet-stream"
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{receipt_id}.bin"'
    return response


@session.needs("admin")
def dismiss(receipt_id: UUID) -> Response:
    """Say that it is garbage: kept, counted, and no trouble any more."""
    if sorting_out.dismiss_one(receipt_id, g.reader.name) is None:
        abort(404)
    flash("The receipt was dismissed. It is kept; replaying it takes that back.")
    return redirect(url_for("pages.receipt", receipt_id=receipt_id), 303)


@session.needs("admin")
def replay(receipt_id: UUID) -> Response:
    """Have it read again."""
    if sorting_out.replay_one(receipt_id, g.reader.name) is None:
        abort(404)
    flash("The receipt waits to be read again.")
    otherwise = url_for("pages.receipt", receipt_id=receipt_id)
    return redirect(session.local(request.form.get("back"), otherwise), 303)
