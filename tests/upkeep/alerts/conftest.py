import pytest

from models.database import Database
from queries import recent_counts
from tests.schedules.rig import mailbox
from tests.upkeep.alerts.rig import Rig, receiving


@pytest.fixture
def rig(database, tmp_path):
    with mailbox() as box, receiving() as receiver:
        found = Rig(database, tmp_path, box, receiver)
        found.begin()
        yield found


@pytest.fixture
def alone(sqlite_url, tmp_path):
    """The same on SQLite alone: for what is no matter of databases. Made of settings."""
    with mailbox() as box, receiving() as receiver:
        made = []

        def make(**given) -> Rig:
            made.append(Rig(Database(sqlite_url), tmp_path, box, receiver, **given))
            made[-1].begin()
            return made[-1]

        yield make
        for one in made:
            one.database.close()


@pytest.fixture(autouse=True)
def counted_at_once(monkeypatch):
    """However busy the machine is: what takes long to count rests, and says nothing of the minute that is looked at."""
    monkeypatch.setattr(recent_counts, "OPEN_SECONDS", 60.0)
    monkeypatch.setattr(recent_counts, "QUICK_SECONDS", 60.0)
