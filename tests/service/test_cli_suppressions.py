"""``wrapup suppressions`` as an operator types it."""

import json
import os

import pytest

FILE = """
[connections.ryng-main]
dialer = "ryng"
callback_tokens = ["token-of-ryng-main"]
default_country = "IN"
[connections.ryng-us]
dialer = "ryng"
callback_tokens = ["token-of-ryng-us"]
default_country = "US"
"""


@pytest.fixture
def typed(commands, tmp_path, sqlite_url):
    (tmp_path / "wrapup.toml").write_text(FILE)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
    environ |= {"WRAPUP_DATABASE_URL": sqlite_url, "WRAPUP_DATA_DIR": str(tmp_path / "data")}
    return lambda *words: commands.run("suppressions", *words, cwd=tmp_path, env=environ)


def listed(typed, *words: str) -> list[dict]:
    return [json.loads(line) for line in typed("list", *words).stdout.splitlines()]


def test_before_the_first_start_there_is_nothing_on_the_list(typed):
    assert (typed("list").returncode, typed("take-off", "+919812345678").stderr) == (
        0,
        "Error: Nobody says that this number must not be called.\n",
    )


def test_numbers_are_put_listed_and_taken_off(typed, tmp_path):
    words = ("put", "98123 45678", "--connection", "ryng-main", "--reason", "Asked for it")
    assert typed(*words, "--dry-run").stdout == "Nothing was put there. It would be: 1 added, 0 replaced, 0 unchanged\n"
    assert listed(typed) == []
    assert typed(*words).returncode == 0
    (tmp_path / "list.csv").write_text("number,reason,until\n+919812345678,Asked for it,\n+12025550123,,2190-01-01\n")
    assert typed("put", "--file", "list.csv").stdout == "1 added, 0 replaced, 1 unchanged\n"
    assert typed("take-off", "+919812345678").stdout == "+919812345678: 1 row taken off.\n"
    assert typed("take-off", "+919812345678").returncode == 1
    assert [(one["number"], one["taken_off_by"]) for one in listed(typed)] == [
        ("+12025550123", None),
        ("+919812345678", "command line"),
    ]
    assert [one["number"] for one in listed(typed, "--state", "standing")] == ["+12025550123"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("put",), 2, "Name numbers"),
        (("put", "12"), 2, "row 1, number: Not a telephone number"),
        (("put", "2025550123", "--connection", "nobody"), 2, "nobody"),
        (("put", "+12025550123", "--until", "2020-01-01"), 2, "row 1, until: Is over already."),
        (("take-off", "12"), 1, "Not a telephone number"),
    ],
)
def test_what_cannot_be_done_is_told(typed, words, code, sentence):
    done = typed(*words)
    assert (done.returncode, sentence in done.stderr) == (code, True), done.stderr
