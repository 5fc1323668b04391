"""docs/api.md names each ``error_id``, and no other: those of answers, and those of polls, sending and destinations."""

import ast
import re

import crm.accounts
import crm.giving_up  # noqa: F401
import polling.walk  # noqa: F401
from crm.registry import CRMS
from dialers.registry import DIALERS
from lib.http.errors import CredentialsRefused, ExchangeError, WalkStuck
from polling.walk import PollingFailed
from queries.destination_states import STILL
from tests.docs.calls import calls, text, tuples
from tests.docs.pages import quoted, read, rows, section
from web import errors, turns
from web.keys import Refusal

ANSWERED_AS = {CredentialsRefused.error_id: "parked"}  # ``web.to_dialers``
OF_POLLS_ALONE = {WalkStuck.error_id, PollingFailed.error_id}
OF_PAGES_ALONE = {"csrf_refused"}  # shown as a page; a program has no form's token


def of_others(but: str = "none") -> set[str]:
    """What can go wrong at a dialer or a CRM; without the errors that are made in a room."""
    assert DIALERS and CRMS  # all are loaded
    found, classes = set(), [ExchangeError]
    while classes:
        some = classes.pop().__subclasses__()
        found |= {one.error_id for one in some if not one.__module__.startswith(f"{but}.")}
        classes += some
    return found


def refused() -> set[str]:
    """What stands in the code where an answer is refused."""
    found, elsewhere = set(), []
    for file, call in calls(errors.ApiError.__name__, "web", "service"):
        word = text(call.args[1])
        if word is None:
            elsewhere.append((file.name, ast.unparse(call.args[1])))
        elif re.fullmatch(r"[a-z0-9_]+", word):
            found.add(word)
    # What is worked out: by what bounds a key, by what a destination is, by whose turn it is, and by what the dialer said.
    assert sorted(elsewhere) == [
        ("auth.py", "refusal.error_id"),
        ("destinations.py", "error.error_id"),
        ("to_dialers.py", "error_id"),
        ("turns.py", "f'too_many_{self._what}'"),
    ]
    found |= set(STILL) | {word for _, call in calls(Refusal.__name__, "web") if (word := text(call.args[0]))}
    found |= {word for _, call in calls("body", "web") if call.args and (word := text(call.args[0]))}
    # What receivers refuse by themselves: ``("503 Service Unavailable", "busy", "...")``.
    status = re.compile(r"[45]\d\d ")
    return found | {said[1] for said in tuples("service") if len(said) == 3 and status.match(said[0])}


def answered() -> set[str]:
    waited_for = {f"too_many_{one._what}" for one in vars(turns).values() if isinstance(one, turns.Turns)}
    said = {ANSWERED_AS.get(word, word) for word in of_others(but="crm") - OF_POLLS_ALONE}
    return (
        refused() | waited_for | said | {errors.TOO_SLOW[0]} | {word for word, _ in errors._WORDS.values()}
    ) - OF_PAGES_ALONE


def table(number: int) -> set[str]:
    """The words of one of the two tables below *Errors*: each has its words in the column after the first, or in the first."""
    part = section(read("docs/api.md"), "## Errors")
    return {word for cells in rows(re.split(r"\n### ", part)[number]) for word in quoted(cells[1 - number])}


def test_every_error_id_of_an_answer_stands_in_the_table_and_no_other():
    assert table(0) == answered()


def test_every_error_id_of_polls_and_of_sending_stands_in_the_table_and_no_other():
    assert table(1) == of_others()
