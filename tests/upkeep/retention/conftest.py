"""A database with one of each kind, of four moments: two are due."""

import pytest

from tests import factories
from tests.upkeep.retention.aged import BEFORE, NOW, OLD, SINCE, everything


@pytest.fixture
def old_and_new(database):
    with database.write() as session:
        factories.destination(session)
        for number, moment in enumerate((OLD, BEFORE, SINCE, NOW)):
            everything(session, moment, number * 100)
    return database
