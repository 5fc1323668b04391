"""How far destinations are: figures and a sentence that is true in every state."""

from datetime import timedelta

import pytest

from lib import ids
from lib.clock import iso
from models import Delivery
from models.deliveries import DELIVERY_STATES
from queries import delivery_counts, destination_lag, destinations
from tests.factories import NOON, delivery, destination, minutes, outcome, receipt

NOW = NOON + minutes(1)
HOUR = timedelta(hours=1)
KINDS = {"sales": "hubspot"}


def shown(database, kinds=KINDS, now=NOW, age=0.0, spooled=0):
    with database.read() as session:
        counts = delivery_counts.counted(session)
        found = destinations.destinations(session, kinds, counts, age, now, spooled=spooled)
    return {one["name"]: one for one in found}


def lag(database, **how):
    return shown(database, **how)["sales"]["lag"]


def make(database, *states, **given):
    with database.write() as session:
        return [delivery(session, state=state, **given) for state in states]


@pytest.fixture
def started(database):
    with database.write() as session:
        destination(session)


def test_not_started_has_no_figures(database):
    found = shown(database)["sales"]
    assert (found["state"], found["kind"]) == ("not_started", "hubspot")
    assert {found[name] for name in ("position", "behind", "counts", "waits_for_person", "calls", "calls_in")} == {None}
    assert found["lag"] == (
        "Not started yet: no worker has followed the feed for it, so nobody knows what is to be written."
    )
    assert list(found) == list(destinations.SHOWN)


def test_in_the_order_of_the_settings_and_then_what_is_there_no_more(database):
    with database.write() as session:
        for name in ("old", "sales"):
            destination(session, name)
        destination(session, "hook", kind="webhook")
    found = shown(database, kinds={"sales": "hubspot", "new": "webhook", "hook": "webhook"})
    assert [(name, one["state"]) for name, one in found.items()] == [
        ("sales", "running"),
        ("new", "not_started"),
        ("hook", "running"),
        ("old", "not_configured"),
    ]
    assert found["old"]["behind"] is None
    assert found["old"]["lag"].endswith("It is not in the settings any more, so nothing is sent.")


SENTENCES = [
    ([], "Nothing is to be written so far."),
    (["done"], "The only call is in."),
    (["done"] * 3, "All 3 calls are in."),
    (["pending"], "The only call is not in."),
    (["pending", "sending"], "None of 2 calls is in."),
    (["done"] * 4 + ["pending", "parked"], "All but 2 of 6 calls are in."),
    (["done", "done", "held"], "All but 1 of 3 calls are in; 1 waits for a person."),
    (["done", "held", "held", "refused"], "All but 3 of 4 calls are in; 2 wait for a person; 1 was refused."),
    (["done", "unknown"], "All but 1 of 2 calls are in; of 1 nobody can tell yet whether the CRM took it."),
    (["done", "undone", "undone"], "The only call is in."),
    (["undone", "undone"], "Nothing is there: what was written has been taken back."),
]


def test_calls_by_what_is_left_to_be_done(database):
    with database.write() as session:
        for number, (states, _) in enumerate(SENTENCES):
            destination(session, f"n{number}", sent_at=NOON if states else None)
            for state in states:
                delivery(session, state=state, destination=f"n{number}")
    found = shown(database, kinds={f"n{number}": "hubspot" for number in range(len(SENTENCES))})
    for number, (states, sentence) in enumerate(SENTENCES):
        one = found[f"n{number}"]
        assert one["lag"] == sentence
        assert one["counts"] == {state: states.count(state) for state in DELIVERY_STATES}
        assert one["waits_for_person"] == states.count("held")


def test_a_call_counts_once_whatever_is_written_of_it(database, started):
    call = ids.new()
    make(database, "done", outcome_id=call)
    make(database, "held", outcome_id=call, operation="set_status")
    make(database, "refused", outcome_id=call, operation="set_status", revision=2, reason="validation")
    found = shown(database)["sales"]
    assert (found["calls"], found["calls_in"], found["counts"]["held"]) == (1, 0, 1)
    # Revision 2 speaks for the call: nobody waits for a person any more.
    assert (found["waits_for_person"], found["lag"]) == (0, "The only call is not in; 1 was refused.")


def test_what_a_later_revision_has_mended_is_in(database, started):
    call = ids.new()
    make(database, "refused", outcome_id=call)
    make(database, "done", outcome_id=call, revision=2)
    assert lag(database) == "The only call is in."


def test_what_the_settings_say_is_skipped_is_not_called_refused(database, started):
    make(database, "refused", reason="nobody_found")
    make(database, "done")
    why = "nobody was found for it, somebody left it out, or its person was erased"
    assert lag(database) == f"All but 1 of 2 calls are in; 1 was skipped, since {why}."


def test_what_was_written_so_long_ago_that_no_delivery_is_kept_is_not_said_to_be_nothing(database, started):
    assert lag(database) == "Nothing is to be written now; of what was written before, no delivery is kept any more."


def test_reasons_are_counted_the_most_first(database, started):
    make(database, "refused", "refused", "held", reason="validation")
    make(database, "refused", reason="a")
    make(database, "done", reason="already")
    call = ids.new()
    make(database, "refused", reason="validation", outcome_id=call)  # nobody can do anything about it any more
    make(database, "done", outcome_id=call, revision=2)
    assert shown(database)["sales"]["reasons"] == [
        {"state": "refused", "reason": "validation", "deliveries": 2},
        {"state": "done", "reason": "already", "deliveries": 1},
        {"state": "held", "reason": "validation", "deliveries": 1},
        {"state": "refused", "reason": "a", "deliveries": 1},
    ]


def test_what_has_changed_and_was_not_looked_at(database):
    with database.write() as session:
        destination(session, position=1, sent_at=None)
        for _ in range(3):
            outcome(session, changed_at=NOON)
    found = shown(database)["sales"]
    assert (found["position"], found["behind"]) == (1, 2)
    assert found["lag"] == "Nothing is to be written so far; 2 changes of calls have not been looked at yet."
    make(database, "done", "done")
    assert lag(database) == (
        "As far as the feed has been followed, all 2 calls are in; 2 changes of calls have not been looked at yet."
    )


def test_more_than_is_counted(database, monkeypatch):
    monkeypatch.setattr(destination_lag, "MOST_BEHIND", 2)
    with database.write() as session:
        destination(session, position=0)
        for _ in range(3):
            outcome(session, changed_at=NOON)
    found = shown(database)["sales"]
    assert found["behind"] == 2 and "at least 2 changes of calls have not" in found["lag"]


def test_a_worker_that_is_away_is_told_since_when(database):
    with database.write() as session:
        destination(session, position=0)
        outcome(session, changed_at=NOON + minutes(5))
    # The last look was long ago and the change is a moment old: a worker that works has had no time yet.
    assert "worker" not in lag(database, now=NOON + minutes(6))
    late = "The feed has not been followed since 2026-11-18 12:05 UTC: is a worker running?"
    assert lag(database, now=NOON + minutes(8)).endswith(late)


def test_who_works_through_history_is_behind_and_at_work(database):
    with database.write() as session:
        destination(session, position=0, followed_at=NOON + HOUR)
        outcome(session, changed_at=NOON)
    assert "worker" not in lag(database, now=NOON + HOUR)


def test_what_came_in_and_was_not_read_is_in_no_figure(database, started):
    make(database, "done", "done")
    with database.write() as session:
        receipt(session, state="pending", seen_at=NOON)
    assert lag(database, now=NOON + minutes(0.15)) == "All 2 calls are in."
    so_far = "As far as the feed has been followed, all 2 calls are in. Receipts have waited since "
    noon, no_figure = "2026-11-18 12:00 UTC to be read; ", "what they say is in no figure"
    assert lag(database, now=NOON + minutes(1)) == f"{so_far}{noon}{no_figure}."
    assert lag(database, now=NOON + HOUR) == f"{so_far}{noon}{no_figure}: is a worker running?"
    was_set_back = f"{so_far}before the clock was set back to be read; {no_figure}: is a worker running?"
    assert lag(database, now=NOON - HOUR) == was_set_back


def test_what_waits_in_the_spool_is_in_no_figure(database, started):
    make(database, "done")
    so_far = "As far as the feed has been followed, the only call is in. "
    assert lag(database, spooled=90) == f"{so_far}Callbacks wait in the spool, and what they say is in no figure."
    assert lag(database, spooled=None) == f"{so_far}Whether callbacks wait in the spool is not known."


def test_a_quiet_night_is_no_trouble(database, started):
    make(database, "done")
    assert lag(database, now=NOON + 9 * HOUR) == "The only call is in."


def test_nobody_sends_what_is_due(database, started):
    make(database, "pending")
    assert lag(database) == "The only call is not in."
    late = "What has been due since 2026-11-18 12:00 UTC is not sent: is a worker running?"
    assert lag(database, now=NOON + HOUR) == f"The only call is not in. {late}"


STATES = [
    ({"paused_at": NOON, "paused_by": "asha"}, "paused", "Paused since 2026-11-18 12:00 UTC by asha: nothing is sent."),
    (
        {"paused_at": NOON, "paused_by": "It is gone.", "error": "It is gone."},
        "paused",
        "Paused since 2026-11-18 12:00 UTC: nothing is sent.",
    ),
    (
        {"parked_until": NOON + HOUR, "error": "The token was refused."},
        "parked",
        "Nothing is sent before 2026-11-18 13:00 UTC.",
    ),
    ({"parked_until": NOON}, "running", "All 2 calls are in."),
    (
        {"failures": 3, "error": "No answer.", "next_at": NOW + minutes(2.5)},
        "failing",
        "The last exchange failed; nothing waits to be sent.",
    ),
]


def test_why_nothing_moves(database):
    with database.write() as session:
        for number, (values, *_) in enumerate(STATES):
            destination(session, f"n{number}", **values)
            for _ in range(2):
                delivery(session, destination=f"n{number}")
    found = shown(database, kinds={f"n{number}": "hubspot" for number in range(len(STATES))})
    for number, (_, state, sentence) in enumerate(STATES):
        one = found[f"n{number}"]
        assert one["state"] == state, sentence
        assert one["lag"].startswith("All 2 calls are in.") and one["lag"].endswith(sentence)
        assert (one["parked_until"] is None) == (state != "parked")
        assert one["next_at"] is None


FAILED = {"failures": 3, "error": "No answer."}
TRIES = [  # what the destination says, what the delivery does, when the next try is, and the sentence about it
    (FAILED | {"next_at": NOW + minutes(2.5)}, {}, NOW + minutes(2.5), "the next try is in 2 min."),
    (FAILED | {"next_at": NOON}, {}, NOON, "the next try is due."),
    (FAILED | {"next_at": NOON}, {"due_at": NOW + minutes(9)}, NOW + minutes(9), "the next try is in 9 min."),
    ({"error": "No token.", "parked_until": NOON + minutes(0.5)}, {}, NOON + minutes(0.5), "the next try is due."),
    (
        FAILED | {"next_at": NOON - HOUR, "sent_at": None, "started_at": NOON - HOUR},
        {"due_at": NOON - HOUR},
        NOON - HOUR,
        "the next try is due. What has been due since 2026-11-18 11:00 UTC is not sent: is a worker running?",
    ),
]


def test_when_what_was_put_off_is_tried_again_is_said_where_all_else_goes_on(database, started):
    make(database, "done")
    make(database, "pending", reason="unavailable", due_at=NOW + minutes(9))
    assert shown(database)["sales"]["state"] == "running"
    assert lag(database) == "All but 1 of 2 calls are in. What was not taken is tried again in 9 min."


def test_when_what_failed_is_tried_again(database):
    with database.write() as session:
        for number, (values, given, *_) in enumerate(TRIES):
            destination(session, f"n{number}", **values)
            delivery(session, destination=f"n{number}", state="pending", **given)
    found = shown(database, kinds={f"n{number}": "hubspot" for number in range(len(TRIES))})
    for number, (*_, at, sentence) in enumerate(TRIES):
        one = found[f"n{number}"]
        assert (one["state"], one["next_at"]) == ("failing", iso(at)), sentence
        assert one["lag"] == f"The only call is not in. The last exchange failed; {sentence}"


def test_who_sends_at_this_moment_is_at_work(database):
    with database.write() as session:
        destination(session, sent_at=None, started_at=NOON - HOUR, lease_until=NOW + minutes(0.2))
    make(database, "sending", due_at=NOON - HOUR)
    assert lag(database) == "The only call is not in."
    assert lag(database, now=NOW + minutes(1)).endswith("is a worker running?")


def test_moments_are_the_readers(database):
    with database.write() as session:
        destination(session, paused_at=NOON, paused_by="asha")
    with database.read() as session:
        (found,) = destinations.destinations(session, KINDS, {}, 0.0, NOW, lambda at: f"{at:%H o'clock}")
    assert found["lag"].endswith("Paused since 12 o'clock by asha: nothing is sent.")


def test_one_that_is_of_another_kind_now(database, started):
    make(database, "done")
    found = shown(database, kinds={"sales": "webhook"})["sales"]
    assert (found["state"], found["behind"]) == ("other_kind", None)
    assert found["lag"].startswith("The only call is in. It was started as a hubspot, and the settings say webhook")


def test_a_merged_row_is_no_call_once_nothing_is_left_to_be_done_about_it(database, started):
    with database.write() as session:
        kept, gone = outcome(session).id, outcome(session)
        gone.merged_into = kept
        gone = gone.id
    make(database, "done", outcome_id=kept)
    make(database, "done", outcome_id=gone)
    removal = {"outcome_id": gone, "operation": "remove_call", "revision": 2}
    (pending,) = make(database, "pending", **removal)
    assert lag(database) == "All but 1 of 2 calls are in."
    with database.write() as session:
        session.get(Delivery, pending.id).state = "done"
    found = shown(database)["sales"]
    assert (found["lag"], found["calls"], found["calls_in"]) == ("The only call is in.", 1, 1)


def test_counts_of_a_while_ago_say_so(database, started):
    make(database, "done")
    assert lag(database, age=41.2) == "The only call is in. Counted 41 s ago."


def test_the_oldest_that_is_open(database, started):
    with database.write() as session:
        destination(session, "hook")
        delivery(session, state="refused", created_at=NOON - HOUR)
        delivery(session, state="parked", created_at=NOON + minutes(1))
        delivery(session, state="pending", created_at=NOON + minutes(2))
    with database.read() as session:
        assert destinations.oldest_open(session, {"sales", "hook"}) == {"sales": NOON + minutes(1), "hook": None}
