import pytest

from tests.schedules.rig import mailbox
from tests.upkeep.alerts.rig import Rig, receiving


@pytest.fixture
def rig(database, tmp_path):
    with mailbox() as box, receiving() as receiver:
        found = Rig(database, tmp_path, box, receiver)
        found.begin()
        yield found
