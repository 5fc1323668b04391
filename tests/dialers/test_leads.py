"""Every dialer that takes leads, played by the sandbox over real HTTP: accepted, refused, too fast, and cut off on the way.

A dialer without a stage fails here: see ``lead_cases``.
"""

import pytest

from dialers.errors import CredentialsRefused, Unavailable, Uncertain
from dialers.giving import ACCEPTED
from tests.dialers import lead_cases as cases

every_dialer = pytest.mark.parametrize("dialer", cases.DIALERS_WITH_LEADS)

HANGS = 1.0  # seconds, longer than any stage's client waits
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


@every_dialer
@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
def test_nothing_is_taken_twice_and_nothing_is_said_that_is_not_so(dialer, fault, database):
    with cases.stage(dialer) as played:
        keyed = cases.offered(played).knows_keys
        cases.spoil(played, fault, times=1, value=HANGS)
        fates = cases.ended(database, played, cases.loaded(database, played))
        taken = cases.taken(played)
        assert not cases.repeated(taken)
        assert {number for number, fate in fates.items() if fate == "accepted"} <= set(taken)
        assert not {number for number, fate in fates.items() if fate in ("rejected", "pending")}
        if keyed:
            assert set(fates.values()) == {"accepted"}
        elif fault != "garbled_after":  # where only the status is documented, half of a body proves nothing
            assert "unknown" in fates.values()
        if fault in AFTER:
            assert sorted(taken) == sorted(cases.NUMBERS)


@every_dialer
@pytest.mark.parametrize("fault", ["too_many", "unavailable"])
def test_what_was_not_taken_is_sent_again(dialer, fault, database):
    with cases.stage(dialer) as played:
        cases.spoil(played, fault, times=2, value="1")
        fates = cases.ended(database, played, cases.loaded(database, played))
        assert set(fates.values()) == {"accepted"}
        assert sorted(cases.taken(played)) == sorted(cases.NUMBERS)


@every_dialer
def test_a_refusal_is_the_leads_end(dialer, database):
    with cases.stage(dialer) as played:
        cases.spoil(played, "bad_request")
        fates = cases.ended(database, played, cases.loaded(database, played))
        assert set(fates.values()) == {"rejected"}
        assert cases.taken(played) == []
