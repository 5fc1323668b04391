"""An account of the sandbox, with a client of ours."""

import pytest

from tests.dialers.jaicp.account import account


@pytest.fixture
def dialer():
    with account() as found:
        yield found
