"""Whatever our API can send is called by the sandbox: leads of every documented shape, with traffic that runs over them.

The leads go the product's own way, checked and sent by each dialer's ``leads.py``; see ``tests.dialers.lead_cases``.
"""

import threading

import pytest

from dialers.giving import ACCEPTED, Order
from leads.loading import Loading
from lib import ids
from sandbox.jaicp.dialer import Jaicp
from sandbox.qvoice import calls
from sandbox.qvoice.dialer import QVoice
from sandbox.ryng.dialer import Ryng
from sandbox.traffic import placed_until
from sandbox.voipex.dialer import Voipex
from tests.dialers import lead_cases as cases
from tests.sandbox.receiver import Receiver, receiving

ANY = (
    {},
    {"name": "Ada Moreno"},
    {"first_name": "Ada"},
    {"last_name": "Moreno"},
    {"first_name": "गीता", "last_name": "Nuñez"},
    {"name": "Ada Moreno", "first_name": "Ada", "last_name": "Moreno"},
    {"reference": "crm-901"},
    {"name": "A", "reference": "crm-902"},
)
# What only some dialers take.
MORE = {
    "qvoice": (
        {"note": "Speaks French.", "priority": 5},
        {"priority": 0, "options": {"retries": 0, "type": "vip", "cool_off": 60}},
        {"name": "Ada", "reference": "crm-903", "note": "Calls only", "priority": 1, "options": {"retries": 3}},
    ),
    "jaicp": (
        {"timezone": "Europe/Prague", "priority": 1},
        {"note": "Speaks French.", "fields": {"Policy": "88213", "sandbox_status": "12", "sandbox_result": "Sold"}},
        {"fields": {"name": "from the fields"}},
    ),
    "ryng": ({"fields": {"Lead ID": "88213", "Product": "Toothpaste"}}, {"fields": {"Name": ""}}),
    "ringostat": (),
    "voipex": (),
}
BARE = ("voipex",)  # call lists that hold numbers and nothing else


def shapes(dialer: str) -> list[dict]:
    own = tuple(given for given in ANY if dialer not in BARE or set(given) <= {"reference"})
    rows = (*own, *MORE[dialer])
    return [{"number": f"+42060100{at:04d}", **given} for at, given in enumerate(rows)]


def load(played: cases.Stage, rows: list[dict]) -> list[str]:
    """What the dialer says of each, sent in as many requests as it takes."""
    listed = enumerate(rows, 1)
    loading = Loading(played.connection, played.campaign, listed, "Renewals", played.options)
    offered = cases.offered(played)
    most = offered.most if played.campaign else offered.most_new
    leads, states = loading.checked.leads, []
    for start in range(0, len(leads), most):
        some = leads[start : start + most]
        order = Order(played.campaign, "Renewals", loading.options, some, str(ids.new()), cases.CALLBACKS)
        states += [verdict.state for verdict in cases.send(played, order).verdicts]
    return states


@pytest.mark.parametrize("dialer", cases.DIALERS_WITH_LEADS)
def test_leads_of_every_shape_are_taken(dialer):
    with cases.stage(dialer) as played:
        rows = shapes(dialer)
        assert load(played, rows) == [ACCEPTED] * len(rows)
        assert cases.taken(played) == [row["number"] for row in rows]


def test_qvoice_calls_leads_of_every_shape():
    with cases.stage("qvoice") as played:
        qvoice: QVoice = played.qvoice
        load(played, shapes("qvoice"))
        for campaign in qvoice.campaigns.values():
            for lead in list(campaign.leads.values()):
                alone = calls.Campaign(campaign.id, campaign.name, {lead["id"]: lead})
                row, _ = calls.call(alone, qvoice._dice, qvoice.now() + 300)
                assert row["lead_number"] == lead["number"]
                assert row["lead_name"] == " ".join(filter(None, (lead.get("first_name"), lead.get("last_name"))))


def test_ringostat_calls_leads_of_every_shape():
    with cases.stage("ringostat") as played:
        load(played, shapes("ringostat"))
        for _ in shapes("ringostat"):
            played.ringostat._one(missed=0.0, longest=0.001)
        called = [row["dst"] for row in (call.columns for call in played.ringostat._calls)]
        assert called == [row["number"].removeprefix("+") for row in shapes("ringostat")]


def test_jaicp_calls_leads_of_every_shape():
    with cases.stage("jaicp") as played:
        jaicp: Jaicp = played.jaicp
        load(played, shapes("jaicp"))
        (campaign,) = {job["campaign"] for job in jaicp.taken()}
        later = jaicp.now() + 400 * jaicp.time_scale
        jaicp.now = lambda: later
        rows = jaicp.rows(campaign, [job["id"] for job in jaicp.taken()], [])
        assert len(rows) == len(shapes("jaicp"))
        assert not {row["jobStatus"] for row in rows} & {"planned", "inProcess", "onRetry"}


def test_ryng_calls_leads_of_every_shape():
    receiver = Receiver()
    with receiving(receiver) as (connect, terminal), Ryng(time_scale=0.001, first_call_id=10**15) as ryng:
        for at in range(30):
            ryng.place(f"+9198125500{at:02d}", connect, terminal, custom_fields={})
        ryng.drain()
        assert {seen.json["callID"] for seen in receiver.of_kind("terminal")} == {10**15 + at for at in range(30)}


def test_voipex_calls_leads_of_every_shape():
    with cases.stage("voipex") as played:
        voipex: Voipex = played.voipex
        load(played, shapes("voipex"))
        (made,) = voipex.campaigns.values()
        voipex.control(made.id, "start")
        assert all(voipex.call() for _ in made.numbers)
        assert set(made.called.values()) == {1}


def test_traffic_outlives_a_call_that_fails(caplog):
    placed, stopped = [], threading.Event()

    def place():
        placed.append(1)
        if len(placed) == 1:
            raise KeyError("first_name")
        if len(placed) == 3:
            stopped.set()

    placed_until(stopped, lambda: 0.001, place)
    assert len(placed) == 3
    assert "KeyError: 'first_name'" in caplog.text


def test_what_a_sandbox_remembers_is_bounded():
    with Ryng(time_scale=0.001, keep=5) as ryng:
        for at in range(12):
            ryng.place(f"+9198125500{at:02d}", None, None)
        assert len(ryng.calls) == 5
