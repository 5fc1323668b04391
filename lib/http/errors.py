"""What can go wrong when a dialer, or a CRM, is asked for something, or given something.

Every message is a sentence for the operator, without secrets or bodies.
"""

from collections.abc import Collection


class ExchangeError(Exception):
    """The other side could not be asked, or did not do what it was asked for."""

    error_id = "report_failed"
    retry_after: float | None = None  # seconds that the other side asked us to wait
    tried: Collection[object] | None = None  # of a batch, what was really asked for; None: all of it


class CredentialsRefused(ExchangeError):
    """The other side refused our credentials; nothing is asked again until they are changed or an hour has passed."""

    error_id = "credentials_refused"


class AskedWrongly(ExchangeError):
    """The other side says that the question is wrong (400, 404, ...); asking again at once will not help."""

    error_id = "asked_wrongly"


class Unavailable(ExchangeError):
    """The other side did not answer, or answered that it cannot now (429, 5xx, time-out); it is asked again soon."""

    error_id = "unavailable"


class TooOften(Unavailable):
    """The other side says that we ask too often (429), and has done nothing; after ``retry_after`` it lets us ask again, where it
    says so."""


class NotTrusted(Unavailable):
    """The other side's certificate could not be verified; nothing was sent."""

    error_id = "certificate_not_trusted"


class AddressRefused(Unavailable):
    """The URL leads to an address that is not public, or is written oddly; nothing was sent."""


class Garbled(ExchangeError):
    """The answer is not what the documentation shows (truncated, not JSON, an unknown shape)."""

    error_id = "garbled"


class WalkStuck(ExchangeError):
    """The other side gave the same page key twice; the walk was stopped."""

    error_id = "walk_stuck"


class Uncertain(ExchangeError):
    """Something was given to the other side, and nobody can tell whether it was taken: the answer did not come, broke off, or is
    not what the documentation shows."""

    error_id = "uncertain"
    status: int | None = None  # of an answer that began


class Broken(Uncertain):
    """Uncertain, since the answer broke off or is larger than any that is read: whoever only asked has none."""


class Declined(ExchangeError):
    """The other side understood and said no; the message is its reason. Asking again gets the same answer."""

    error_id = "declined"
