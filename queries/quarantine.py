"""The quarantine: per reason what to do, and who sent what had no right to come."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lib import text as texts
from lib.clock import iso
from models import KnownToken, Receipt, StrangerShare
from models.receipts import STRANGERS_KEPT

_READ_ANEW = (
    "Look at the body. Replay it when Wrapup can read it (a newer release, another setting); dismiss what is garbage."
)
_NO_ID = (
    "What it is about is not said in a readable way. If the dialer has another name for the "
    "id, put it into the settings and replay; otherwise ask the dialer; dismiss what is a test."
)
UNKNOWN_CONNECTION = "unknown_connection"
_OURS = "A fault of Wrapup: the log has the error under this receipt. Replay it after the next release."
_ADDRESS = "If your own dialer sent it, correct the URL there and replay what it sent; dismiss what a stranger sent."

# Reason -> what to do. A test holds it and the table in docs/operations.md to the reasons that the code gives.
TODO: Mapping[str, str] = {
    "unparseable": _READ_ANEW,
    "not_an_object": _READ_ANEW,
    "bad_identifier": _READ_ANEW,
    "partly_unreadable": "What could be read was taken in. Look at the rest, and replay the receipt when that can be read, too.",
    "too_many_events": "Ask the dialer for fewer events in one body. This one is kept as it came, but its events are not read.",
    "too_many_parameters": "Ask the dialer for fewer parameters.",
    "inflates_too_far": "Ask the dialer to send less at a time, or without compression.",
    "unknown_encoding": "Ask the dialer to send without compression, or with gzip.",
    "unknown_report": "It comes from a report that this release does not know: replay it with the release that asked for it.",
    "unknown_kind": "The URL ends in a kind that this dialer does not post: correct the URL there. Replaying does not help.",
    UNKNOWN_CONNECTION: (
        "If your own dialer sent it, correct the URL there. Replaying helps once a connection of this name is configured, not "
        "before; dismiss what a stranger sent."
    ),
    "wrong_token": _ADDRESS,
    "wrong_authorization": "Correct the Authorization at the dialer or callback_authorization in the settings; then replay.",
    "malformed_request": "Look at the bytes and tell the sender; a proxy on the way may have damaged them.",
    "oversized": "Only the beginning was kept. Look the call up at the dialer, and have it send less at a time.",
    "cut_off": "Only what arrived was kept. Look the call up at the dialer. Slow lines and a proxy's time-outs cause this.",
    "refused_by_database": _OURS,
    "no_event": (
        "It does not say what happened. If the account has renamed the key, name it in webhook_fields and replay; dismiss what "
        "is a test."
    ),
    "reading_failed": _OURS,
    "folding_failed": _OURS,
    "reading_killed": (
        "Reading it ended the process, twice. Is there memory enough for the worker? Give it more and replay; else replay it "
        "after the next release."
    ),
    "evidence_deleted": (
        "It tells of a call whose receipts have been deleted ([retention] receipts); the outcome stays as it was last known. "
        "Look at the body and correct by hand what followed from the outcome, where it matters; then dismiss it."
    ),
} | dict.fromkeys(
    ("no_call_id", "no_call_key", "no_job_id", "no_lead_id", "no_campaign", "no_campaign_id", "no_queue_id"),
    _NO_ID,
)  # fmt: skip


def todo(reason: str | None) -> str | None:
    """What to do about a receipt in quarantine; None for one that is not there."""
    return TODO.get(reason, _READ_ANEW) if reason else None


def misaddressed(session: Session) -> dict[str, dict[str, Any]]:
    """Connection -> ``{"receipts", "last_at", "words"}``: what waits in quarantine because it came with a token that is one of
    ours and not in force there: an outdated URL at the dialer, or another connection's. What nobody else can have sent. The
    connection may be none that is configured: it was renamed, or the URL has a slip in its name."""
    known: dict[str, dict[str, datetime]] = {}
    for one in session.scalars(select(KnownToken)):
        known.setdefault(one.fingerprint, {})[one.connection] = one.last_seen_at
    if not known:
        return {}
    started = max(at for own in known.values() for at in own.values())
    token = Receipt.headers["token-fingerprint"].as_string()
    ours = (*STRANGERS_KEPT, Receipt.known_sender.is_(True), Receipt.dismissed_at.is_(None))
    keys = (Receipt.connection, Receipt.reason, token)
    mine = (*ours, Receipt.reason.in_(("wrong_token", UNKNOWN_CONNECTION)))
    statement = select(*keys, func.count(), func.max(Receipt.received_at)).where(*mine).group_by(*keys)
    found: dict[str, dict[str, Any]] = {}
    for name, reason, fingerprint, receipts, last in session.execute(statement):
        if fingerprint not in known or known[fingerprint].get(name) == started:
            continue  # in force by now, or so new that the start has not remembered it yet: replaying takes it
        own = found.setdefault(name, {"receipts": 0, "last_at": last, "nameless": False})
        own["receipts"] += receipts
        own["last_at"] = max(own["last_at"], last)
        own["nameless"] |= reason == UNKNOWN_CONNECTION
    shares = select(StrangerShare.connection, StrangerShare.dropped).where(StrangerShare.connection.in_(found))
    dropped = dict(session.execute(shares).all()) if found else {}
    return {
        name: {
            "receipts": own["receipts"],
            "last_at": iso(own["last_at"]),
            "words": _misaddressed(own, dropped.get(name, 0)),
        }
        for name, own in found.items()
    }


def _misaddressed(own: Mapping[str, Any], dropped: int) -> str:
    many = texts.many(own["receipts"], "callback")
    last = f"the last at {own['last_at']:%Y-%m-%d %H:%M} UTC"
    if own["nameless"]:
        return (
            f"{many} came with a token of ours to this name, {last}: correct the URL at the dialer. What came is read when a "
            "connection of this name is configured and it is replayed."
        )
    said = f"{many} came with a token of ours that is not in force here, {last}: correct the URL at the dialer, then replay."
    if not dropped:
        return said
    return (
        f"{said} Of what came for it without a right to, {dropped} more did not fit, or came while the database was away, and "
        f"{'was' if dropped == 1 else 'were'} dropped: until the URL is correct, raise WRAPUP_STRANGER_RECEIPTS or "
        "WRAPUP_STRANGER_BYTES where the quarantine is full."
    )


def sender(
    session: Session,
    receipt: Receipt,
    current: Mapping[str, Iterable[str]],
    may_see: Callable[[str], bool] = lambda connection: True,
) -> dict[str, Any] | None:
    """Who sent a receipt, as far as that is known: ``{"address", "proxy", "forwarded_for", "token"}``, the last a sentence, of
    one that had no right to come. None where nothing is known. ``current``: the fingerprints that are in force now. ``may_see``:
    whether a connection may be named to whoever asks."""
    headers = receipt.headers or {}
    if "peer" not in headers:
        return None
    return {
        "address": headers.get("client", headers["peer"]),
        "proxy": headers["peer"] if "client" in headers else None,
        "forwarded_for": headers.get("x-forwarded-for"),
        "token": _whose(session, receipt.connection, headers.get("token-fingerprint"), current, may_see),
    }


def _whose(
    session: Session,
    connection: str,
    fingerprint: str | None,
    current: Mapping[str, Iterable[str]],
    may_see: Callable[[str], bool],
) -> str | None:
    if fingerprint is None:
        return None
    now_of = sorted(name for name, own in current.items() if fingerprint in own)
    if now_of:
        own = connection in now_of
        return (
            "The token is one of this connection's now."
            if own
            else f"It is the token of {_named(now_of[0], may_see)}, not of this one."
        )
    known = select(KnownToken).where(KnownToken.fingerprint == fingerprint).order_by(KnownToken.last_seen_at.desc())
    found = session.scalars(known).all()
    of_this = [one for one in found if one.connection == connection] or found
    if not of_this:
        return "The token was never one of ours for as long as tokens have been remembered: a stranger's, or mistyped."
    whose = "this connection" if of_this[0].connection == connection else _named(of_this[0].connection, may_see)
    return f"An outdated token of ours: it was one of {whose} until after {of_this[0].last_seen_at:%Y-%m-%d %H:%M} UTC."


def _named(connection: str, may_see: Callable[[str], bool]) -> str:
    return connection if may_see(connection) else "another connection"
