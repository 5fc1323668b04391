"""The JAICP account of ``account``, as a stage for what every dialer that takes leads must get right."""

from contextlib import contextmanager
from dataclasses import dataclass, replace

from dialers.base import Connection
from sandbox.jaicp.dialer import Jaicp
from tests.dialers.jaicp.account import account
from tests.dialers.lead_cases import QUICK


@dataclass
class Stage:
    jaicp: Jaicp
    connection: Connection
    campaign = "renewals"
    options = {}
    wrong = {"campaigns": {"renewals": "1.2.wrong"}}
    path = "/addPhones"

    def faults(self, wanted: dict) -> None:
        self.jaicp.faults.set(wanted)

    def taken(self) -> list[str]:
        return [str(job["phone"]) for job in self.jaicp.taken()]


@contextmanager
def stage(**settings):
    with account() as found:
        given = {**found.connection.settings, **QUICK, **settings}
        yield Stage(found.jaicp, replace(found.connection, settings=given))
