"""What others have said and a command writes: a terminal obeys nothing of it."""

import json

import pytest

from service import main
from service.terminal import say, say_json


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("row 1: Jana Nová, 報表 📞", "row 1: Jana Nová, 報表 📞"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[2J\x1b]0;gone\x07", "\\x1b[2J\\x1b]0;gone\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202e3210", "\\u202e3210"),
        ("a\rb", "a\\rb"),
    ],
)
def test_escape_codes_are_written_out(capsys, text, written):
    say(text)
    assert capsys.readouterr().out == f"{written}\n"


def test_json_is_json_whatever_stands_in_it(capsys):
    said = {"name": "Jana Nová\x7f\x9b31m\u202e\n", "more": ["\x1b[2J", "\ue000", "\U000e0001"]}
    say_json(said, indent=1)
    written = capsys.readouterr().out
    assert json.loads(written) == said
    assert "Nová" in written and written.replace("\n", "").isprintable()


def test_a_command_that_is_interrupted_while_it_is_loaded_says_so(capsys):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit, match="1"):
        main._told(interrupted)
    assert capsys.readouterr().err == "\nAborted!\n"
