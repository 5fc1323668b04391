"""A dialer's server is stopped, and polled by the real poller: it is told, and so is its return."""

from dialers.base import Connection
from dialers.clients import Known
from dialers.qvoice.api import Client
from polling.engine import Poller
from rig.ports import free_port
from sandbox.qvoice.api import create_app
from sandbox.qvoice.dialer import QVoice
from sandbox.server import running
from tests.dialers.qvoice.portal import FAST


def test_a_dialer_that_is_stopped_is_told_and_so_is_its_return(rig):
    port, qvoice = free_port(), QVoice(now=lambda: rig.now.timestamp())
    given = {"portal_url": f"http://127.0.0.1:{port}", "account_id": "demo", **qvoice.login}
    connection = Connection("qvoice-main", "qvoice", settings=given, default_country="US")
    poller = Poller(rig.database, connection, Known(Client(connection, FAST), rig.now), rig.at)
    (task,) = [task for task in poller.tasks if task.key == ("lead_history", "recent")]

    def polled(times: int) -> set:
        said = set()
        for _ in range(times):
            rig.minutes(5)
            said.add(poller.walk_now(task, patience=0).error_id)
        return said

    with running(create_app(qvoice), port=port):
        assert polled(2) == {None}
    failed = polled(6)
    assert None not in failed
    rig.minutes(3)
    assert rig.receiver.events() == {("began", "polls_fail"): 1}
    assert "The report lead_history (recent) of qvoice-main has failed" in rig.told()
    with running(create_app(qvoice), port=port):
        assert polled(2) == {None}
    rig.minutes(3)
    assert rig.receiver.events() == {("began", "polls_fail"): 1, ("ended", "polls_fail"): 1}
