"""Tokens that end: renewed by one process for all, and what is left where one dies while it does. On both databases."""

import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from flask import Flask, request

from crm.base import Granted
from crm.tokens import DIED, KeptTokens
from lib import clock
from lib.http.errors import CredentialsRefused, Unavailable, Uncertain
from rig.waiting import until
from sandbox.server import running
from tests.crm.renewing import GIVEN, kept
from tests.server import ROOT


class Portal:
    """It gives each refresh token once, and waits with that until ``goes_on``."""

    def __init__(self):
        self.good = GIVEN
        self.asked: list[str] = []
        self.goes_on = threading.Event()

    def app(self) -> Flask:
        app = Flask(__name__)

        @app.post("/token")
        def token():
            refresh = request.get_data(as_text=True)
            self.asked.append(refresh)
            self.goes_on.wait(30)
            if refresh != self.good:
                return {"error": "invalid_grant"}, 400
            self.good = f"refresh-{len(self.asked)}"
            return {"access": f"access-{len(self.asked)}", "seconds": 3600, "refresh": self.good}

        return app


@pytest.fixture
def portal():
    found = Portal()
    with running(found.app()) as url:
        found.url = f"{url}/token"
        yield found


def of(database, renew, given=GIVEN, **how) -> KeptTokens:
    return KeptTokens(database, "portal", given, renew, **how)


def never(refresh: str) -> Granted:
    raise AssertionError("It was renewed, or refused, already.")


def asking(tokens: KeptTokens, found: list) -> threading.Thread:
    def ask():
        try:
            found.append(tokens.token())
        except CredentialsRefused as error:
            found.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_of_several_who_want_it_one_has_it_renewed(database, portal):
    found = []
    threads = [asking(kept(database, portal.url), found) for _ in range(3)]
    until(lambda: portal.asked, 30)
    portal.goes_on.set()
    for thread in threads:
        thread.join(30)
    assert (found, portal.asked) == (["access-1"] * 3, [GIVEN])
    assert of(database, never).token() == "access-1"


def test_a_process_is_killed_between_being_given_a_token_and_keeping_it(database, portal):
    """What it was given is lost, and what it was given for is used up: nobody can go on but a person, who is told so."""
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.crm.renewing", url, portal.url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as dying:
        until(lambda: portal.asked, 30)
        found = []
        waiting = asking(kept(database, portal.url), found)
        portal.goes_on.set()
        assert dying.stdout.readline() == "granted\n"
        dying.kill()
    waiting.join(30)
    assert (str(found[0]), portal.asked) == (f"The refresh token is not known. {DIED}", [GIVEN] * 2)
    with pytest.raises(CredentialsRefused, match=DIED):
        of(database, never).token()
    assert of(database, lambda refresh: Granted(f"by {refresh}"), "new").token() == "by new"


def test_each_renewal_uses_what_was_given_last_and_the_old_one_where_nothing_new_is(database):
    used, answers = [], iter([Granted("a", 100, "r1"), Granted("b", 100), Granted("c", None, "r2"), Granted("d")])

    def renew(refresh):
        used.append(refresh)
        return next(answers)

    later = timedelta()
    tokens = of(database, renew, now=lambda: clock.now() + later)
    assert [tokens.token(), tokens.token()] == ["a", "a"]
    later = timedelta(seconds=91)  # a tenth before its end
    assert tokens.token() == "b"
    assert tokens.token(stale="b") == "c"  # refused before its time
    assert tokens.token(stale="a") == "c"
    later = timedelta(days=9)
    assert tokens.token() == "c"  # nobody says that it ends
    assert tokens.token(stale="c") == "d"
    assert used == [GIVEN, "r1", "r1", "r2"]


@pytest.mark.parametrize("failure", [Unavailable, Uncertain])
def test_a_failure_is_no_refusal_and_the_same_token_is_tried_again(database, failure):
    answers, used = iter([failure("It does not answer."), Granted("a")]), []

    def renew(refresh):
        used.append(refresh)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    tokens = of(database, renew)
    with pytest.raises(failure):
        tokens.token()
    assert (tokens.token(), used) == ("a", [GIVEN] * 2)
