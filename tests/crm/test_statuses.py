"""Which status an outcome is mapped to, and whether it may be set: tables. No database, no network."""

import pytest

from crm.destination import Destination, Rule
from crm.statuses import ALREADY, BACKWARDS, NOT_FROM, decide, rule_for

SALE = Rule("flag", "sale", {"hs_lead_status": "CONNECTED"})
WRONG = Rule("disposition", "Wrong number", {"hs_lead_status": "BAD_TIMING"})
TRIED = Rule("connect_outcome", "no_answer", {"hs_lead_status": "ATTEMPTED"}, ("NEW", "OPEN", ""))
BOTH = Rule("flag", "contact", {"hs_lead_status": "OPEN", "owner": "7"}, ("NEW", ""))
MAPPED = Destination("d", "hubspot", status=(SALE, WRONG, TRIED))
ORDER = {"hs_lead_status": ("NEW", "ATTEMPTED", "CONNECTED")}


def outcome(**given):
    return {"flags": [], "disposition": None, "connect_outcome": "connected"} | given


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"flags": ["contact", "sale"]}, SALE),
        ({"flags": ["sale"], "disposition": "Wrong number"}, SALE),  # the first that fits
        ({"disposition": "wrong  NUMBER"}, WRONG),  # compared as dispositions are
        ({"connect_outcome": "no_answer"}, TRIED),
        ({"disposition": "Wrong numbers"}, None),
        ({"flags": None}, None),
    ],
)
def test_the_first_line_that_fits(given, rule):
    assert rule_for(MAPPED, outcome(**given)) is rule


@pytest.mark.parametrize(
    ("rule", "now", "fields", "reason"),
    [
        (SALE, {"hs_lead_status": "NEW"}, {"hs_lead_status": "CONNECTED"}, None),
        (SALE, {}, {"hs_lead_status": "CONNECTED"}, None),
        (SALE, {"hs_lead_status": "CONNECTED"}, {}, ALREADY),
        (TRIED, {"hs_lead_status": "OPEN"}, {"hs_lead_status": "ATTEMPTED"}, None),
        (TRIED, {"hs_lead_status": ""}, {"hs_lead_status": "ATTEMPTED"}, None),
        (TRIED, {"hs_lead_status": "MEETING_BOOKED"}, {}, NOT_FROM),
        (TRIED, {"hs_lead_status": "ATTEMPTED"}, {}, ALREADY),  # although it is none of those it is set from
        (
            WRONG,
            {"hs_lead_status": "CONNECTED"},
            {"hs_lead_status": "BAD_TIMING"},
            None,
        ),  # it has no place in the order
        (Rule("flag", "x", {"hs_lead_status": "ATTEMPTED"}), {"hs_lead_status": "CONNECTED"}, {}, BACKWARDS),
        (BOTH, {"hs_lead_status": "NEW", "owner": ""}, {"hs_lead_status": "OPEN", "owner": "7"}, None),
        (BOTH, {"hs_lead_status": "NEW", "owner": "9"}, {}, NOT_FROM),  # all of it or nothing
        (BOTH, {"hs_lead_status": "OPEN", "owner": ""}, {"owner": "7"}, None),
    ],
)
def test_what_is_set_where_a_record_stands(rule, now, fields, reason):
    decision = decide(rule, now, ORDER)
    assert (dict(decision.fields), decision.reason) == (fields, reason)


@pytest.mark.parametrize(
    ("rule", "now", "before", "reason"),
    [
        (TRIED, "CONNECTED", "NEW", None),
        (TRIED, "CONNECTED", "MEETING_BOOKED", NOT_FROM),
        (Rule("flag", "x", {"hs_lead_status": "ATTEMPTED"}), "CONNECTED", "NEW", None),
        (Rule("flag", "x", {"hs_lead_status": "NEW"}), "CONNECTED", "ATTEMPTED", BACKWARDS),
        (SALE, "CONNECTED", "NEW", ALREADY),
    ],
)
def test_a_correction_is_compared_with_what_stood_before_its_call(rule, now, before, reason):
    decision = decide(rule, {"hs_lead_status": now}, ORDER, {"hs_lead_status": before})
    assert decision.reason == reason
