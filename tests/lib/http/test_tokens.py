"""A client's token, shared by its threads: who logs in, who waits, and what becomes of those who wait. No network."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.http.errors import AskedWrongly, CredentialsRefused, Garbled, Unavailable
from lib.http.exchange import Answer
from lib.http.tokens import EARLY, MOST_TOKENS, Token, Tokens, end, granted, sendable

MANY = 12


class Door:
    """The lock of the tokens, which tells when so many have come to it."""

    def __init__(self, wanted: int):
        self._lock, self._counted = threading.Lock(), threading.Lock()
        self._left = wanted
        self.all_came = threading.Event()

    def __enter__(self) -> None:
        with self._counted:
            self._left -= 1
            if self._left == 0:
                self.all_came.set()
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()


class Dialer:
    """Gives tokens named by their number. ``answers`` are given or raised first, one to each login."""

    def __init__(self, *answers: Token | Exception, refused: float = 60):
        self.answers = list(answers)
        self.logins: list[Token | None] = []  # what was held
        self.tokens = Tokens(self._login, "portal", "what the user may do", refused)
        self.waited_for: threading.Event | None = None

    def _login(self, held: Token | None) -> Token:
        self.logins.append(held)
        if self.waited_for:
            assert self.waited_for.wait(10)
        answer = self.answers.pop(0) if self.answers else Token(f"token-{len(self.logins)}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def together(self, task: Callable[[], object], many: int = MANY) -> list[object]:
        """What the task returned or raised in so many threads. No login ends before all of them have asked."""
        door = Door(many)
        self.tokens._lock = door  # type: ignore[assignment]
        self.waited_for = door.all_came
        with ThreadPoolExecutor(many) as pool:
            doing = [pool.submit(task) for _ in range(many)]
            return [one.exception(20) or one.result() for one in doing]


def accepting(*tokens: str, seen: list[str] | None = None) -> Callable[[str], Answer]:
    """An exchange that takes these tokens."""

    def exchange(token: str) -> Answer:
        if seen is not None:
            seen.append(token)
        return Answer(200 if token in tokens else 401, {}, b"")

    return exchange


# One login ------------------------------------------------------------------------------------------------------------
def test_all_threads_share_one_login():
    dialer = Dialer()
    found = dialer.together(dialer.tokens.current)
    assert {token for token, _ in found} == {"token-1"}
    assert sorted(new for _, new in found) == [False] * (MANY - 1) + [True]
    assert dialer.logins == [None]


def test_a_token_that_is_refused_midway_is_renewed_once():
    dialer = Dialer()
    dialer.tokens.current()
    found = dialer.together(lambda: dialer.tokens.current(stale="token-1"))
    assert {token for token, _ in found} == {"token-2"}
    assert dialer.logins == [None, Token("token-1")]


def test_exchanges_whose_token_is_over_are_made_again_with_the_one_that_all_of_them_get():
    dialer, seen = Dialer(), []
    dialer.tokens.current()
    together = threading.Barrier(MANY)

    def ask() -> int:
        together.wait(10)
        return dialer.tokens.signed(accepting("token-2", seen=seen), "GET /x").status

    with ThreadPoolExecutor(MANY) as pool:
        assert [one.result(20) for one in [pool.submit(ask) for _ in range(MANY)]] == [200] * MANY
    assert len(dialer.logins) == 2
    assert seen.count("token-2") == MANY


def test_a_token_is_good_until_its_end_by_the_steady_clock():
    dialer = Dialer(Token("short", until=time.monotonic() + 60, refresh="r"), Token("long", until=None))
    assert [dialer.tokens.current()[0] for _ in range(3)] == ["short"] * 3
    dialer.tokens._held = Token("short", until=time.monotonic() - 0.001, refresh="r")
    assert [dialer.tokens.current() for _ in range(2)] == [("long", True), ("long", False)]
    assert dialer.logins[1].refresh == "r"


# One failure ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "error", [Unavailable("down"), Garbled("no token"), AskedWrongly("404"), CredentialsRefused("no")]
)
def test_a_login_that_fails_fails_all_who_wait_once(error):
    dialer = Dialer(error)
    assert dialer.together(dialer.tokens.current) == [error] * MANY
    assert len(dialer.logins) == 1


def test_a_renewal_that_fails_fails_all_who_wait_once_and_what_was_refused_is_not_shown_again():
    dialer, seen = Dialer(Token("first", refresh="r"), Unavailable("down")), []
    dialer.tokens.current()
    found = dialer.together(lambda: dialer.tokens.current(stale="first"))
    assert [str(error) for error in found] == ["down"] * MANY
    assert len(dialer.logins) == 2
    assert dialer.tokens.signed(accepting("token-3", seen=seen), "GET /x").status == 200
    assert (seen, dialer.logins[2].refresh) == (["token-3"], "r")


def test_who_comes_after_a_failure_tries_again():
    dialer = Dialer(Unavailable("down"), Unavailable("still down"))
    for sentence in ("down", "still down"):
        with pytest.raises(Unavailable, match=f"^{sentence}$"):
            dialer.tokens.current()
    assert dialer.tokens.current() == ("token-3", True)


def test_refused_credentials_are_remembered_and_the_error_does_not_grow():
    dialer = Dialer(CredentialsRefused("wrong"))
    depths = set()
    for _ in range(5):
        with pytest.raises(CredentialsRefused) as caught:
            dialer.tokens.current()
        depths.add(len(caught.traceback))
    assert len(dialer.logins) == 1
    assert len(depths) <= 2  # the first one comes from the login itself


def test_refused_credentials_are_tried_again_when_their_time_is_over_or_somebody_says_so():
    dialer = Dialer(CredentialsRefused("wrong"), refused=0)
    with pytest.raises(CredentialsRefused):
        dialer.tokens.current()
    assert dialer.tokens.current() == ("token-2", True)

    dialer = Dialer(CredentialsRefused("wrong"), CredentialsRefused("still"))
    for sentence in ("wrong", "wrong"):
        with pytest.raises(CredentialsRefused, match=sentence):
            dialer.tokens.current()
    dialer.tokens.forget_refusal()
    for _ in range(2):  # one login more, and not one for everybody
        with pytest.raises(CredentialsRefused, match="still"):
            dialer.tokens.current()
    assert len(dialer.logins) == 2


def test_a_login_allowed_once_more_that_finds_nobody_there_is_no_refusal():
    dialer = Dialer(CredentialsRefused("wrong"), Unavailable("down"))
    with pytest.raises(CredentialsRefused):
        dialer.tokens.current()
    dialer.tokens.forget_refusal()
    with pytest.raises(Unavailable):
        dialer.tokens.current()
    assert dialer.tokens.current() == ("token-3", True)


def test_a_login_allowed_once_more_is_made_once_for_all():
    wrong, still = CredentialsRefused("wrong"), CredentialsRefused("still")
    dialer = Dialer(wrong, still)
    with pytest.raises(CredentialsRefused):
        dialer.tokens.current()
    dialer.tokens.forget_refusal()
    assert dialer.together(dialer.tokens.current) == [still] * MANY
    assert len(dialer.logins) == 2


def test_an_error_that_nobody_expects_leaves_the_door_open():
    dialer = Dialer(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        dialer.tokens.current()
    assert dialer.tokens.current() == ("token-2", True)


# Signed ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("logged_in", [True, False])
def test_a_new_token_that_is_refused_as_well_ends_it(logged_in):
    dialer, seen = Dialer(), []
    if logged_in:
        dialer.tokens.current()
    with pytest.raises(CredentialsRefused) as caught:
        dialer.tokens.signed(accepting(seen=seen), "GET /x")
    assert str(caught.value) == (
        "portal refused GET /x with 401 although the token was new. Check what the user may do."
    )
    assert seen == ["token-1", "token-2"]
    assert dialer.tokens.current()[0] == "token-2"  # other exchanges may be allowed


def test_tokens_that_others_fetch_and_that_are_refused_have_an_end():
    dialer, seen = Dialer(), []

    def exchange(token: str) -> Answer:
        seen.append(token)
        dialer.tokens.current(stale=token)  # as another thread would
        return Answer(401, {}, b"")

    with pytest.raises(CredentialsRefused):
        dialer.tokens.signed(exchange, "GET /x")
    assert len(seen) == MOST_TOKENS


def test_answers_other_than_401_are_the_callers():
    dialer = Dialer()
    for status in (200, 403, 500):
        assert dialer.tokens.signed(lambda token, status=status: Answer(status, {}, b""), "GET /x").status == status
    assert len(dialer.logins) == 1


def test_what_is_held_can_be_masked():
    dialer = Dialer(Token("access", refresh="refresh"), Token("only"))
    assert dialer.tokens.secrets() == ()
    dialer.tokens.current()
    assert dialer.tokens.secrets() == ("access", "refresh")
    dialer.tokens.current(stale="access")
    assert dialer.tokens.secrets() == ("only",)


# What a login answers -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "token"),
    [
        (b'{"access_token": "a.b-c"}', "a.b-c"),
        (b'{"accessToken": "a"}', "a"),
        (b'{"access_token": null, "accessToken": "a"}', "a"),
        (b'{"access_token": ""}', None),
        (b'{"access_token": "two\\nlines"}', None),
        (b'{"access_token": "\\u017e"}', None),
        (b'{"access_token": 7}', None),
        (b'{"token": "a"}', None),
        (b'["a"]', None),
        (b"null", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_a_token_is_what_a_header_can_carry(body, token):
    if token is None:
        with pytest.raises(Garbled, match="^portal (accepted|answered) the login"):
            granted(body, "portal", "the login", ("access_token", "accessToken"))
    else:
        assert granted(body, "portal", "the login", ("access_token", "accessToken"))[0] == token


@pytest.mark.parametrize("value", [None, 7, "", "a\nb", "ž", b"a"])
def test_what_no_header_can_carry(value):
    assert sendable(value) is None


@pytest.mark.parametrize(
    ("seconds", "lasts"),
    [
        ("3000", 3000 - EARLY),
        ("7200", 7200 - EARLY),
        ("100", 90),
        ("0.5", 0.45),
        ("0", None),
        ("-1", None),
        ("1e12", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        (None, None),
    ],
)
def test_a_token_is_renewed_a_little_before_its_end(seconds, lasts):
    assert end(1000.0, seconds) == (None if lasts is None else pytest.approx(1000 + lasts))
