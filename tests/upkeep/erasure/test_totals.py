"""Every total is the same before and after a person is erased: the nineteen reports of the catalogue, the twentieth, which is the
reconciliation, and the summary."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from lib.phone_spellings import Spellings
from outcomes.erased import Reducer
from queries.reconciliation import reconciliation
from queries.reports import answering
from queries.reports.base import Limits
from queries.reports.catalogue import REPORTS
from queries.summary import summary
from tests import factories
from tests.queries.reports import generated
from tests.queries.reports.generated import CONNECTIONS, FIRST, NOW, NUMBERS
from tests.upkeep.erasure import dump
from upkeep.erasure import beginning
from upkeep.erasure.working import Eraser

LIMITS = Limits(abandon_limit=0.2, too_often=3, min_calls=4, min_attempts=3)
AT = 3  # whose
NUMBER = NUMBERS[AT]
SPELLINGS = Spellings(NUMBER)
# In other people's calls: what these were named -> what they are named, with the number in it, spelled in two ways.
NAMED = {"Priya": f"Desk {NUMBER}", "Oleh": f"Desk {NUMBER[3:]}", "Renewals": f"Back {NUMBER}", "Later": NUMBER[3:]}
AGENTS = {"1": f"9/{NUMBER}", "2": f"9/{NUMBER[3:]}"}
LEADS = {"5": f"l/{NUMBER}", "7": f"m/{NUMBER[3:]}"}


@pytest.fixture
def filled(database):
    with database.write() as session:
        calls = generated.calls(7, 300)
        for call in calls:  # all of them were known by now
            call["first_seen_at"] = min(call["first_seen_at"], FIRST + timedelta(days=20))
            for name in ("agent_name", "campaign_name", "disposition"):
                call[name] = NAMED.get(call[name], call[name])
            call["agent_id"] = AGENTS.get(call["agent_id"], call["agent_id"])
            call["lead_id"] = LEADS.get(call["lead_id"], call["lead_id"])
        generated.store(session, calls)
        for name in ("ryng-main", "qvoice-main"):
            leads = [
                {"number": number, "dialer_id": named, "sent_at": FIRST + timedelta(days=at)}
                for at, number in enumerate(NUMBERS[:6])
                for named in (LEADS.get(str(at), str(at)) if at % 2 else None,)
            ]
            factories.load(session, leads=leads, connection=name, campaign="6541")
    return database


def rows_of(session, name: str, group_by=()) -> tuple[list, dict]:
    asked = answering.asked(session, {}, "Asia/Kolkata", tuple(group_by), LIMITS, CONNECTIONS, False)
    rows, cursor = [], None
    while True:
        found = answering.answer(replace(asked, now=NOW), REPORTS[name], None, 500, cursor)
        rows += found["rows"]
        if (cursor := found.get("next")) is None:
            return rows, found["totals"]


def figures(database) -> dict:
    """Everything that is ever counted, with numbers as what stands for them."""
    stand_in = database.stand_ins.number(NUMBER)
    with database.snapshot() as session:
        found = {name: rows_of(session, name) for name in REPORTS}
        found["summary"] = summary(session, {}, ["day", "campaign"], "Asia/Kolkata", CONNECTIONS)
        found["reconciliation"] = reconciliation(session, {}, "Asia/Kolkata")
    written = json.dumps(found, default=str)
    for name in (*NAMED.values(), *AGENTS.values()):
        written = written.replace(json.dumps(name), json.dumps(Reducer(database.stand_ins, "", SPELLINGS).word(name)))
    for lead in LEADS.values():  # each connection's own
        for connection in CONNECTIONS:
            left = Reducer(database.stand_ins, connection).lead(lead)
            for told in (lead, left):
                written = written.replace(json.dumps(told), f'"the lead {lead[0]}"')
    written = json.loads(written.replace(NUMBER, stand_in))
    for name in REPORTS:  # rows that are ordered by number stand elsewhere now
        written[name][0] = sorted(written[name][0], key=lambda row: json.dumps(row, sort_keys=True))
    return written


def test_every_total_stays(filled, tmp_path):
    before = figures(filled)
    assert len(REPORTS) == 19 and before["compliance"][1] and before["unreachable_numbers"][0]
    beginning.begin(filled, tmp_path, NUMBER, "Ann", keep_uncalled=False)
    eraser = Eraser(filled, tmp_path)
    while eraser.step():
        pass
    assert eraser.running() == []
    assert not SPELLINGS.within(dump(filled))
    after = figures(filled)
    for name, figure in before.items():
        assert after[name] == figure, name
