"""What strangers have in quarantine: shared out among the connections, and purged. Told of: ``queries.strangers``."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, delete, false, func, literal, or_, select, true, update
from sqlalchemy.orm import Session

from models import KnownToken, Receipt, StrangerQuota, StrangerShare, audit
from models.database import Database, insert_into
from models.receipts import KEPT_BYTES, STRANGERS_KEPT
from models.strangers import NOBODY, lock, take_away

AT_ONCE = 500  # receipts that are purged in one transaction: strangers' new ones wait for it
UNSYNCHRONIZED = {"synchronize_session": False}


def remember_tokens(session: Session, fingerprints: Mapping[str, Iterable[str]], now: datetime) -> None:
    """The fingerprints of the tokens that open each connection's URLs as it is set up now."""
    rows = [
        {"connection": name, "fingerprint": one, "first_seen_at": now, "last_seen_at": now}
        for name, own in sorted(fingerprints.items())
        for one in sorted(set(own))
    ]
    if rows:
        insert = insert_into(session, KnownToken.__table__)
        seen = {"last_seen_at": insert.excluded.last_seen_at}
        session.execute(insert.on_conflict_do_update(index_elements=["connection", "fingerprint"], set_=seen), rows)


def share_out(session: Session, configured: Iterable[str]) -> None:
    """At the start: whose share each of their receipts fills by the settings of today, and how much that makes. Also mends
    what a release without shares has counted."""
    lock(session)
    names = list(configured)
    tokens = select(KnownToken.fingerprint).scalar_subquery()
    token = Receipt.headers["token-fingerprint"].as_string()
    mine = and_(Receipt.dialer.is_not(None), Receipt.connection.in_(names))
    share = case((mine, Receipt.connection), else_=literal(NOBODY))
    # The twin of ``callbacks.strangers.Strangers.knows``.
    with_ours = or_(Receipt.reason == "wrong_authorization", func.coalesce(token, "").in_(tokens))
    ours = case((with_ours, true()), else_=false())
    other = or_(Receipt.share.is_(None), Receipt.share != share, Receipt.known_sender != ours)
    session.execute(
        update(Receipt).where(*STRANGERS_KEPT, other).values(share=share, known_sender=ours),
        execution_options=UNSYNCHRONIZED,
    )
    sums = select(Receipt.share, func.count(), func.sum(KEPT_BYTES))
    held = {
        name: (count, int(size))
        for name, count, size in session.execute(sums.where(*STRANGERS_KEPT).group_by(Receipt.share))
        if name is not None  # each has one by now
    }
    shares = {one.connection: one for one in session.scalars(select(StrangerShare))}
    for name in set(held) | set(shares) | {NOBODY}:
        one = shares.get(name)
        if one is None:
            one = StrangerShare(connection=name, receipts=0, bytes=0, dropped=0)
            session.add(one)
        one.receipts, one.bytes = held.get(name, (0, 0))
    quota = session.scalars(select(StrangerQuota)).one()
    quota.receipts, quota.bytes = (sum(one[place] for one in held.values()) for place in (0, 1))
    session.flush()


def purge(
    database: Database, conditions: Iterable[ColumnElement[bool]], said: Mapping[str, object] | None = None
) -> int:
    """Delete strangers' receipts of which no call has learned anything; how many. What came with a token of ours only once it
    was dismissed: it may be a dialer's with an outdated URL. ``said``: the conditions, as they are noted."""
    wanted = (*conditions, *STRANGERS_KEPT, or_(Receipt.known_sender.is_(False), Receipt.dismissed_at.is_not(None)))
    purged = 0
    while some := _purge(database, wanted, said):
        purged += some
    return purged


def _purge(database: Database, wanted: tuple[ColumnElement[bool], ...], said: Mapping[str, object] | None) -> int:
    with database.write() as session:
        lock(session)
        # Who has one sent back to be read locks it before the quota: it is left to them.
        statement = select(Receipt.id, Receipt.share, KEPT_BYTES).where(*wanted).order_by(Receipt.id)
        found = session.execute(statement.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
        gone = [receipt_id for receipt_id, _, _ in found]
        session.execute(delete(Receipt).where(Receipt.id.in_(gone)), execution_options=UNSYNCHRONIZED)
        take_away(session, [(share, size) for _, share, size in found])
        if found:
            audit.note(session, "receipts.purge_strangers", count=len(found), details=said)
        return len(found)
