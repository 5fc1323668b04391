"""The world outside: a dialer that is polled, one that is given leads, somebody who takes webhooks, and a mail server; and what
each of them knows at the end."""

import secrets
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import requests

from sandbox.jaicp.api import create_app as jaicp_app
from sandbox.jaicp.dialer import Jaicp
from sandbox.mail.server import Mailbox
from sandbox.mail.server import running as mail_running
from sandbox.qvoice.api import create_app as qvoice_app
from sandbox.qvoice.dialer import QVoice
from sandbox.server import running
from sandbox.webhook.api import PATH
from sandbox.webhook.api import create_app as webhook_app
from sandbox.webhook.receiver import SECRET, Receiver
from tests.ha.network import FRONT

CALLBACK_TOKEN = "token-of-several-hosts-0123"
LEADS = 40  # in one list
SETTINGS = f"""
[connections.ryng]
dialer = "ryng"
callback_tokens = ["{CALLBACK_TOKEN}"]

[connections.polled]
dialer = "qvoice"
portal_url = "{{qvoice}}"
username = "demo"
password = "demo"
domain = "demo"
account_id = "demo"
default_country = "US"
poll_seconds = 2

[connections.given]
dialer = "jaicp"
api_url = "{{jaicp}}"
campaigns = {{{{ renewals = "demo" }}}}
requests_per_minute = 6000

[destinations.hook]
kind = "webhook"
url = "{{webhook}}{PATH}"
secrets = ["{SECRET}"]
allow_private_addresses = true
connections = ["ryng"]

[mail]
host = "{FRONT}"
port = {{mail}}
tls = "none"
from = "wrapup@ha.example"
"""


class World:
    """``asked``: numbers of leads that were taken with 202; ``tried``: that were posted at all. The same of mails."""

    def __init__(self) -> None:
        self.qvoice = QVoice("demo", "demo", "demo", "demo", time_scale=0.1)
        self.jaicp = Jaicp(time_scale=0.1)
        self.receiver = Receiver([SECRET])
        self.mailbox = Mailbox()
        self.asked: list[str] = []
        self.tried: list[str] = []
        self.mails_asked = 0
        self.mails_tried = 0
        self._schedule = ""

    @contextmanager
    def running(self, settings: Path):
        """Write the settings file, and be there until the end of the block."""
        with ExitStack() as stack:
            places = {
                "qvoice": stack.enter_context(running(qvoice_app(self.qvoice), None, 0, FRONT)),
                "jaicp": stack.enter_context(running(jaicp_app(self.jaicp), None, 0, FRONT)),
                "webhook": stack.enter_context(running(webhook_app(self.receiver), None, 0, FRONT, keeping=True)),
                "mail": stack.enter_context(mail_running(self.mailbox, 0, FRONT)),
            }
            settings.write_text(SETTINGS.format(**places))
            self.qvoice.furnish(past_calls=5)
            self.qvoice.start_traffic(60)
            try:
                yield self
            finally:
                self.qvoice.stop_traffic()

    def schedule(self, api: "Api") -> None:
        """A view, and a schedule that mails it when it is asked to."""
        view = api.post("/views", {"name": "all", "kind": "outcomes", "query": {"period": ["today"], "tz": ["UTC"]}})[
            "view"
        ]
        body = {"name": "mailed", "view_id": view["id"], "to": ["ops@ha.example"], "at": ["00:00"], "tz": "UTC"}
        self._schedule = api.post("/schedules", body)["schedule"]["id"]

    def give(self, api: "Api") -> None:
        """A list of leads, and a mail, are asked for. What is not answered 202 may have arrived all the same."""
        first = secrets.randbelow(9_000_000)
        numbers = [f"+38093{(first + n) % 10_000_000:07}" for n in range(LEADS)]
        self.tried += numbers
        if api.tries("/campaigns/given/renewals/leads", {"leads": [{"number": number} for number in numbers]}):
            self.asked += numbers
        self.mails_tried += 1
        self.mails_asked += api.tries(f"/schedules/{self._schedule}/send", {})

    def wrong(self, outcomes: dict[str, int], polled: int) -> list[str]:
        """``outcomes``: revision by id of the outcomes that go to the webhook; ``polled``: how many the polled dialer's calls
        are."""
        return [*self._leads(), *self._mails(), *self._events(outcomes), *self._calls(polled)]

    def sums(self) -> dict[str, str]:
        taken = self._taken()
        return {
            "leads given, and taken by the dialer": f"{len(self.asked)}, {sum(taken.values())}",
            "mails asked for, and come": f"{self.mails_asked}, {len(self.mailbox.taken)}",
            "events at the webhook, of them once more": f"{len(self.receiver.events)}, {self.receiver.repeats()}",
        }

    def _taken(self) -> Counter:
        return Counter("+" + str(item["phone"]).lstrip("+") for item in self.jaicp.taken())

    def _leads(self):
        taken = self._taken()
        yield from (f"lead {number} was given {times} times" for number, times in taken.items() if times > 1)
        missing = [number for number in self.asked if number not in taken]
        if missing:
            yield f"{len(missing)} leads that were taken with 202 never came to the dialer, {missing[0]} among them"

    def _mails(self):
        came = len(self.mailbox.taken)
        twice = [name for name, times in self.mailbox.times().items() if times > 1]
        if twice:
            yield f"{len(twice)} mails came twice"
        if not self.mails_asked <= came <= self.mails_tried:
            yield f"{came} mails came, {self.mails_asked} were promised and {self.mails_tried} asked for"

    def _events(self, outcomes: dict[str, int]):
        last = {id_: events[-1].revision for id_, events in self.receiver.by_outcome().items()}
        late = [id_ for id_, revision in outcomes.items() if last.get(id_) != revision]
        if late:
            yield f"{len(late)} outcomes are not at the webhook as they are, {late[0]} among them"
        yield from (f"event {id_} came again with another body" for id_ in self.receiver.altered)
        yield from (f"an event went backwards: {one}" for one in self.receiver.backwards)

    def _calls(self, polled: int):
        there = len(self.qvoice.calls(None, None))
        if polled != there:
            yield f"{polled} outcomes of {there} calls of the dialer that is polled"


class Api:
    """The API behind the balancer."""

    def __init__(self, url: str, key: str):
        self.url = f"{url}/api/v1"
        self.headers = {"Authorization": f"Bearer {key}"}

    def post(self, path: str, body: dict) -> dict:
        answer = requests.post(self.url + path, json=body, headers=self.headers, timeout=30)
        if answer.status_code >= 300:
            raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def tries(self, path: str, body: dict) -> bool:
        """Whether it was taken."""
        with suppress(requests.RequestException):
            return requests.post(self.url + path, json=body, headers=self.headers, timeout=30).status_code == 202
        return False
