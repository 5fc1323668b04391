"""Fixtures of tests that need the engine and CRMs of the sandbox."""

from dataclasses import replace

import pytest

from tests.crm.engine import Engine, account, hubspot_of, listening, webhook_of
from tests.crm.mapping import RULES


@pytest.fixture
def hubspot():
    """An account with one contact, 101."""
    with account() as found:
        found.add_contact("101", firstname="Asha", phone="98100 12345", hs_lead_status="NEW")
        yield found


@pytest.fixture
def receiver():
    with listening() as found:
        yield found


@pytest.fixture
def engine(database):
    return Engine(database)


@pytest.fixture
def sales(engine, hubspot):
    """A destination that has begun to follow."""
    found = hubspot_of(hubspot)
    engine.started(found)
    return found


@pytest.fixture
def hook(engine, receiver):
    found = webhook_of(receiver)
    engine.started(found)
    return found


@pytest.fixture
def mapped(sales):
    """It sets statuses alone."""
    return replace(sales, status=RULES, log_calls=False)
