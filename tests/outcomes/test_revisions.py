"""What becomes of rows, without a database: what is a change, what raises the revision, and what a row says of its change."""

from datetime import timedelta

import pytest

from lib import ids
from outcomes import stood
from outcomes.revisions import COUNTED, SILENT, VISIBLE, Revisions
from tests.factories import NOON

LATER = NOON + timedelta(minutes=5)
NOTHING = dict.fromkeys(stood.COLUMNS)
SETTLED = {"connect_outcome": "connected", "settling": "settled", "flags": [], "is_final": True}
SHOWN = dict.fromkeys(VISIBLE) | SETTLED | {"occurred_at": NOON}
KEPT = {"attempt_key": "1", "settle_by": None, "set_by": {"disposition": "a"}}


def row(**given):
    own = {"id": ids.new(), "group_id": ids.new(), "connection": "ryng-main", "dialer": "ryng", "merged_into": None}
    counted = {"revision": 3, "changed_at": NOON, "position": 7, "corrected_at": None, "changed_fields": []}
    return {**own, **SHOWN, **KEPT, **NOTHING, **counted} | given


def compared(before, **after):
    revisions = Revisions(LATER)
    revisions.compare(before, {**SHOWN, **KEPT, **after})
    return revisions


def test_a_fold_that_changes_nothing_writes_nothing():
    assert compared(row()) == Revisions(LATER)


@pytest.mark.parametrize("name", SILENT)
def test_what_nobody_sees_is_written_and_is_no_revision(name):
    found = compared(row(), **{name: "other"})
    assert not found.changed and [columns for _, columns in found.touched] == [[name]]
    assert found.touched[0][0]["revision"] == 3


@pytest.mark.parametrize("name", VISIBLE)
def test_each_field_that_readers_see_is_a_revision(name):
    other = LATER if name == "occurred_at" else "other"
    found = compared(row(), **{name: other})
    [(after, columns)] = found.changed
    assert (after[name], after["revision"], after["changed_at"]) == (other, 4, LATER)
    told = "agent" if name.startswith("agent_") else name
    assert set(columns) == {name, *COUNTED} and told in after["changed_fields"]
    assert not found.touched and not found.fresh


@pytest.mark.parametrize(
    ("before", "name", "at"),
    [
        ({}, "disposition", LATER),  # it was settled, and says something else now
        ({"settling": "awaiting_disposition"}, "disposition", None),  # expected
        ({}, "notes", None),  # not what a settled row stands for
        ({"corrected_at": NOON}, "disposition", NOON),  # the first time counts
        ({"corrected_at": NOON}, "notes", NOON),
    ],
)
def test_when_a_row_was_corrected_first(before, name, at):
    [(after, _)] = compared(row(**before), **{name: "other"}).changed
    assert after["corrected_at"] == at
    assert ("corrected_at" in after["changed_fields"]) == (at == LATER)


def test_a_merge_is_a_revision_and_names_the_winner():
    revisions, winner = Revisions(LATER), ids.new()
    revisions.merge(row(), winner)
    [(after, columns)] = revisions.changed
    assert (after["merged_into"], after["revision"], after["changed_fields"]) == (winner, 4, ["merged_into"])
    assert set(columns) == {"merged_into", *COUNTED}


def test_a_row_without_evidence_stands_and_waits_for_nothing():
    revisions = Revisions(LATER)
    revisions.let_stand(row(settle_by=LATER))
    [(after, columns)] = revisions.touched
    assert after["settle_by"] is None and tuple(columns) == ("settle_by",) and not revisions.changed


def test_a_new_row_is_the_first_revision():
    revisions, group = Revisions(LATER), ids.new()
    outcome = revisions.add(group, "ryng-main", "ryng", {**SHOWN, **KEPT})
    [fresh] = revisions.fresh
    assert fresh["id"] == outcome and fresh["group_id"] == group and fresh["merged_into"] is None
    assert (fresh["revision"], fresh["changed_at"], fresh["changed_fields"]) == (1, LATER, [])


DAY = timedelta(hours=24)
CONTACT = {"stood_connect_outcome": "connected", "stood_contact": True}
# the row before; when it changes, and the call's time then; what is kept
STOOD = {
    "within the day: it is not over yet": ({}, NOON + DAY, NOON, NOTHING),
    "after the day": ({}, NOON + DAY + timedelta(seconds=1), NOON, CONTACT),
    "a second time after the day": (
        {"stood_connect_outcome": "busy", "stood_contact": False},
        NOON + 2 * DAY,
        NOON,
        {"stood_connect_outcome": "busy", "stood_contact": False},
    ),
    "changed after the day by a release that kept nothing": (
        {"changed_at": NOON + DAY + timedelta(hours=1)},
        NOON + 3 * DAY,
        NOON,
        NOTHING,
    ),
    "the call was earlier than was known": (
        {"occurred_at": NOON + DAY, "changed_at": NOON + DAY},
        NOON + 2 * DAY,
        NOON - DAY,
        {"stood_connect_outcome": "unknown", "stood_contact": False},
    ),
    "the call was later than was known": ({}, NOON + DAY + timedelta(hours=1), NOON + DAY, NOTHING),
}


@pytest.mark.parametrize("before, at, occurred_at, kept", STOOD.values(), ids=STOOD)
def test_what_a_row_showed_a_day_after_its_call_is_kept(before, at, occurred_at, kept):
    revisions = Revisions(at)
    after = {**SHOWN, **KEPT, "occurred_at": occurred_at, "connect_outcome": "busy"}
    revisions.compare(row(flags=["contact", "sale"], **before), after)
    [(revised, columns)] = revisions.changed
    assert {name: revised[name] for name in stood.COLUMNS} == kept
    fresh = kept if not before.get("stood_connect_outcome") else NOTHING
    assert set(columns) & {*stood.COLUMNS} == {name for name in fresh if fresh[name] is not None}


@pytest.mark.parametrize("age, kept", [(DAY, None), (DAY + timedelta(seconds=1), "unknown")])
def test_a_row_that_appears_after_its_day_was_not_shown(age, kept):
    revisions = Revisions(NOON + age)
    revisions.add(ids.new(), "ryng-main", "ryng", {**SHOWN, **KEPT})
    assert revisions.fresh[0]["stood_connect_outcome"] == kept
