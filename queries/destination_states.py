"""What a destination is: whether something is sent to it, and why not."""

from datetime import datetime

from models import DestinationState

RUNNING = "running"
PAUSED_STATE = "paused"  # by a person, or because the other side wants nothing more
PARKED_STATE = "parked"  # until its quota or its credentials allow more
FAILING = "failing"  # the last exchange failed; it is tried again
NOT_STARTED = "not_started"  # in the settings, and no worker has followed the feed for it yet
NOT_CONFIGURED = "not_configured"  # not in the settings any more
OTHER_KIND = "other_kind"  # it was started as another kind than the settings say now
STATES = (RUNNING, PAUSED_STATE, PARKED_STATE, FAILING, NOT_STARTED, NOT_CONFIGURED, OTHER_KIND)
STILL = (NOT_STARTED, NOT_CONFIGURED, OTHER_KIND)  # nobody follows the feed for such, or sends to them


def state_of(row: DestinationState | None, kind: str | None, now: datetime) -> str:
    """One of ``STATES``: the first that holds, from the end to the beginning of what a person has to do about it. ``kind`` as
    the settings say."""
    if kind is None:
        return NOT_CONFIGURED
    if row is None:
        return NOT_STARTED
    if row.kind != kind:
        return OTHER_KIND
    if row.paused_at is not None:
        return PAUSED_STATE
    if row.parked_until is not None and row.parked_until > now:
        return PARKED_STATE
    return FAILING if row.failures or row.error else RUNNING
