"""Every dialer that takes leads, played by the sandbox over real HTTP: accepted, refused, too fast, and cut off on the way.

A dialer without a stage fails here: see ``lead_cases``.
"""

import pytest

from dialers.giving import ACCEPTED, BadLeads
from leads import loads, send_due
from leads.loading import Loading
from lib.http.errors import CredentialsRefused, Unavailable, Uncertain
from tests.dialers import lead_cases as cases
from tests.dialers.relay import relay

every_dialer = pytest.mark.parametrize("dialer", cases.DIALERS_WITH_LEADS)

NOT_TAKEN = ("too_many", "unavailable", "forbidden")  # the last one parks the load until the credentials may be others
HANGS = 2.5  # seconds, longer than any stage's client waits
BEFORE = ("hang", "drop", "html", "server_error", "bad_gateway")  # the dialer takes nothing
AFTER = ("hang_after", "drop_after", "garbled_after", "error_after")  # it has taken all of it


@every_dialer
def test_leads_are_taken(dialer):
    with cases.stage(dialer) as played:
        order = cases.order(played)
        sent = cases.send(played, order)
        assert [verdict.state for verdict in sent.verdicts] == [ACCEPTED] * len(order.leads)
        assert cases.taken(played) == [lead.number for lead in order.leads]


@every_dialer
def test_what_is_shown_holds_no_credentials(dialer):
    with cases.stage(dialer) as played:
        shown = str(cases.offered(played).shown(played.connection, cases.order(played)))
        secrets = [played.connection.settings[name] for name in played.wrong]
        assert "path" in shown and not any(str(secret) in shown for secret in secrets if len(str(secret)) > 4)


def refused_names(played, **given):
    """(row, field) of each fault in a list of two leads, of which the second has these names."""
    rows = enumerate(({"number": cases.NUMBERS[0]}, {"number": cases.NUMBERS[1], **given}), 1)
    try:
        Loading(played.connection, played.campaign, rows, "Renewals", played.options)
    except BadLeads as error:
        return [(fault["row"], fault["field"]) for fault in error.faults]
    return []


@pytest.mark.parametrize("dialer", ["qvoice", "ringostat", "ryng"])
def test_a_name_that_cannot_be_sent_is_refused_where_it_says_something_else(dialer):
    parts = {"first_name": "Ada", "last_name": "Moreno"}
    with cases.stage(dialer) as played:
        for name in ("Ada Moreno", "Moreno, ada", " Ada  Moreno "):
            assert refused_names(played, name=name, **parts) == []
        assert refused_names(played, name="Bea Moreno", **parts) == [(2, "name")]
        assert refused_names(played, name="Bea", first_name="Ada") == [(2, "name")]
        # One of them says more: what is sent decides.
        taken_in_parts = dialer == "qvoice"
        assert refused_names(played, name="Ada Moreno", last_name="Moreno") == [(2, "name")] * taken_in_parts
        assert refused_names(played, name="Moreno", **parts) == [(2, "name")] * (not taken_in_parts)


@every_dialer
def test_wrong_credentials_are_told_apart(dialer):
    with cases.stage(dialer) as played:
        with pytest.raises(CredentialsRefused) as told:
            cases.send(played, cases.order(played), cases.with_wrong_credentials(played))
        assert str(told.value).endswith(".")
        assert cases.taken(played) == []


@every_dialer
@pytest.mark.parametrize("fault", ["too_many", "unavailable"])
def test_a_dialer_that_is_busy_says_when_to_come_again(dialer, fault):
    with cases.stage(dialer) as played:
        cases.spoil(played, fault, value="7")
        with pytest.raises(Unavailable) as told:
            cases.send(played, cases.order(played))
        assert told.value.retry_after == 7
        assert cases.taken(played) == []


@every_dialer
def test_a_dialer_that_is_not_there_has_taken_nothing(dialer):
    with cases.stage(dialer) as played:
        order = cases.order(played)
    with pytest.raises(Unavailable):
        cases.send(played, order)


@every_dialer
@pytest.mark.parametrize("fault", [*BEFORE, "hang_after", "drop_after", "error_after"])
def test_whoever_was_cut_off_cannot_tell(dialer, fault):
    with cases.stage(dialer) as played:
        cases.spoil(played, fault, value=HANGS)
        with pytest.raises(Uncertain) as told:
            cases.send(played, cases.order(played))
        assert str(told.value).endswith(".") and "+420" not in str(told.value)


@pytest.mark.parametrize(
    "dialer", [name for name in cases.DIALERS_WITH_LEADS if not cases.DIALERS[name].leads.knows_keys]
)
def test_what_may_not_be_sent_twice_goes_over_a_connection_of_its_own(dialer):
    with cases.stage(dialer) as played, relay(cases.url_of(played)) as url:
        connection = cases.moved(played, url)
        client = cases.DIALERS[dialer].client(connection)
        for _ in range(3):
            order = cases.order(played)
            sent = cases.offered(played).send(client, connection, order)
            assert {verdict.state for verdict in sent.verdicts} == {ACCEPTED}
        assert len(cases.taken(played)) == 3 * len(order.leads)


# Under the engine that sends loads: one database for all faults, since making one takes longer than the rest.
def loads_of(dialer, faults, database, **more):
    """(fault, number -> what became of it, what the dialer took) for a load that meets the fault."""
    for fault in faults:
        with cases.stage(dialer) as played:
            cases.spoil(played, fault, **more)
            fates = cases.ended(database, played, cases.loaded(database, played))
            yield fault, fates, sorted(cases.taken(played))


@every_dialer
def test_nothing_is_taken_twice_and_nothing_is_said_that_is_not_so(dialer, database):
    keyed = cases.DIALERS[dialer].leads.knows_keys
    for fault, fates, taken in loads_of(dialer, [*BEFORE, *AFTER], database, times=1, value=HANGS):
        assert not cases.repeated(taken), fault
        assert set(fates.values()) <= {"accepted", "unknown"}, fault
        assert {number for number, fate in fates.items() if fate == "accepted"} <= set(taken), fault
        if keyed:
            assert set(fates.values()) == {"accepted"}, fault
        elif fault != "garbled_after":  # where only the status is documented, half of a body proves nothing
            assert "unknown" in fates.values(), fault


@every_dialer
def test_what_was_not_taken_is_sent_again(dialer, database):
    for fault, fates, taken in loads_of(dialer, NOT_TAKEN, database, times=2, value="1"):
        assert set(fates.values()) == {"accepted"}, fault
        assert taken == sorted(cases.NUMBERS), fault


@every_dialer
def test_a_refusal_is_the_leads_end(dialer, database):
    for _, fates, taken in loads_of(dialer, ["bad_request"], database):
        assert (set(fates.values()), taken) == ({"rejected"}, [])


# A refused login is remembered, lest the account be locked; whoever resumes a load says that it was mended.
LOGINS = {"voipex": "/token", "qvoice": "/login"}


@pytest.mark.parametrize("dialer", LOGINS)
def test_a_load_that_is_resumed_allows_one_more_login(dialer, database):
    with cases.stage(dialer) as played:

        def state(load_id, resume=False):
            with database.write() as session:
                resume and loads.resume(session, load_id)
            while send_due(database, played.connection, cases.CALLBACKS):
                pass
            with database.read() as session:
                return loads.shown(session, {}, load_id)["state"]

        played.faults({"forbidden": {"path": LOGINS[dialer], "times": 2}})  # a third login would be taken
        first = cases.loaded(database, played)
        assert state(first) == "parked"
        assert state(cases.loaded(database, played)) == "parked"  # a new load proves nothing: nobody logs in for it
        assert state(first, resume=True) == "parked"  # the second login
        assert state(cases.loaded(database, played)) == "parked"
        assert cases.taken(played) == []
        assert state(first, resume=True) == "done"
        assert sorted(cases.taken(played)) == sorted(cases.NUMBERS)


@pytest.mark.parametrize("dialer", LOGINS)
@pytest.mark.parametrize("fault", ["not_found", "html", "empty", "redirect", "server_error", "bad_gateway", "drop"])
def test_a_login_that_fails_leaves_the_leads_waiting(dialer, fault, database):
    """Nothing was sent, so nothing may be rejected or in doubt."""
    with cases.stage(dialer) as played:
        played.faults({fault: {"path": LOGINS[dialer]}})
        load_id = cases.loaded(database, played)
        while send_due(database, played.connection, cases.CALLBACKS):
            pass
        with database.read() as session:
            found = loads.shown(session, {}, load_id)
        assert (found["state"], found["counts"]["pending"], bool(found["reason"])) == ("running", 3, True)
        played.faults({})
        assert set(cases.ended(database, played, load_id).values()) == {ACCEPTED}
        assert sorted(cases.taken(played)) == sorted(cases.NUMBERS)
