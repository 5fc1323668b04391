"""The pages name each command with its options, and every ``wrapup ...`` that they show can be typed."""

import re
import shlex

import click
import pytest

from service.cli.group import wrapup
from tests.docs.pages import FENCE, PAGES, named, quoted, read, rows, section


@pytest.fixture(scope="module")
def commands() -> dict[str, click.Command]:
    """By their full names, such as ``leads load``."""
    found, waiting = {}, [("", wrapup)]
    while waiting:
        name, command = waiting.pop()
        if isinstance(command, click.Group):
            waiting += [(f"{name} {key}".strip(), inner) for key, inner in command.commands.items()]
        elif not command.hidden:
            found[name] = command
    return found


def options(command: click.Command) -> set[str]:
    return {name for one in command.params if isinstance(one, click.Option) for name in one.opts}


def _option(command: click.Command, name: str) -> click.Option | None:
    return next((one for one in command.params if isinstance(one, click.Option) and name in one.opts), None)


def test_every_command_stands_in_operations_with_its_options_and_no_other(commands):
    told = {}
    for cells in rows(section(read("docs/operations.md"), "## Commands")):
        (line, *_) = quoted(cells[0])
        words = line.removeprefix("wrapup ").split()
        name = " ".join(word for word in words if re.fullmatch(r"[a-z-]+", word))
        told[name] = {
            option for said in quoted(" ".join(cells[1:])) for option in re.findall(r"(?<!\S)--[a-z-]+", said)
        }
    assert told == {name: options(command) for name, command in commands.items()}


TYPED = re.compile(
    r"^(?:[A-Z_]+=[^ ]* |[A-Z]+=\$\()*(?:\.venv/bin/)?wrapup (?=[a-z])((?:(?!  )[^|)#\n;&])*)", re.MULTILINE
)


def shown() -> list[tuple[str, str, bool]]:
    """(page, line, whether it is to be typed as it stands)."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = [*re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]
        blocks += re.findall(r"^ {4}(.*)$", FENCE.sub("", text), re.MULTILINE)
        found += [(named(page), line, True) for block in blocks for line in TYPED.findall(block)]
        for said in quoted(text):
            if re.match("wrapup [a-z]", said) and not said.endswith(" ..."):
                found.append((named(page), said.removeprefix("wrapup "), False))
    return sorted(set(found))


@pytest.mark.parametrize(("page", "line", "whole"), shown())
def test_every_command_line_can_be_typed(commands, page, line, whole):
    # What is optional stands in brackets, what is to be put in in capitals.
    words = shlex.split(re.sub(r"[\[\]]", " ", line).replace("...", " "))
    name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in commands), None)
    if name is None:
        assert any(known.startswith(" ".join(words) + " ") for known in commands), "no such command"
        return
    command = commands[name]
    given = words[len(name.split()) :]
    if not whole and given and (last := _option(command, given[-1])) and not last.is_flag:
        given.append("X")  # a sentence about an option names it without a value
    parsed, rest, _ = command.make_parser(click.Context(command)).parse_args(given)
    assert rest == []
    for one in command.params:
        value = parsed.get(one.name)
        if isinstance(one.type, click.Choice):
            said = {word for word in (value if isinstance(value, list | tuple) else [value]) if isinstance(word, str)}
            assert {word for word in said if not word.isupper()} <= set(map(str, one.type.choices))
    if whole:
        missing = [one.name for one in command.params if one.required and not parsed.get(one.name)]
        assert missing == []
