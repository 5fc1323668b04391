import pytest

from tests.dialers.qvoice.portal import portal, row


@pytest.fixture
def filled():
    """A portal with seven calls, which shows three per page."""
    with portal() as found:
        for number in range(1, 8):
            found.qvoice.add(row(number))
        yield found
