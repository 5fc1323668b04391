"""Whose a call is, of several destinations that log calls at one place of an account: agreed upon when its result is kept.

Before they log it they look at each other (``crm.accounts``). Two that do so at one moment do not see each other: each logs it,
under one mark, so that it stands there once. It is to be one destination's all the same, which alone corrects it and takes it
back.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from crm.accounts import SHARED, Account, said_of
from crm.settling import Settled
from models.deliveries import DONE, LOG_CALL, PENDING


def agreed(session: Session, account: Account, results: Sequence[Settled]) -> Sequence[Settled]:
    """What they come to: a call that another one has logged as well, or is going to, is that one's where that was started first;
    one that was left to another, which does not log it after all, is looked at anew. Nobody at the account settles calls, or
    takes any, from here to the end of the transaction."""
    logged = {one.taken.outcome_id: True for one in results if _is_logged(one)}
    left = {one.taken.outcome_id: False for one in results if _is_left(one)}
    if not logged and not left:
        return results
    account.hold(session)
    others = account.others(session, logged | left)
    return [_agreed(one, others.get(one.taken.outcome_id)) for one in results]


def _agreed(one: Settled, other: str | None) -> Settled:
    if _is_logged(one) and other is not None:
        return Settled(one.taken, DONE, SHARED, said_of(other), one.record_id)
    if _is_left(one) and other is None:
        return Settled(one.taken, PENDING, tried=False)
    return one


def _is_logged(one: Settled) -> bool:
    is_call = one.taken.operation == LOG_CALL and not one.taken.merged
    return is_call and one.state == DONE and not _is_left(one)


def _is_left(one: Settled) -> bool:
    return one.taken.operation == LOG_CALL and one.state == DONE and one.reason == SHARED
