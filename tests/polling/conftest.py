"""Seven calls in a portal, for whatever polls them."""

import pytest

from tests.dialers.qvoice.portal import row
from tests.polling.polls import polled_portal


@pytest.fixture
def filled():
    """(portal, clock): seven calls of the last two hours, three per page."""
    with polled_portal() as (found, clock):
        found.qvoice.now = lambda: clock().timestamp()
        for number in range(1, 8):
            found.qvoice.add(row(number))
        yield found, clock
