"""``wrapup doctor``."""

import json
import sys

import click

from service import logs
from service.doctor.asking import lines
from service.doctor.line import FAIL
from service.terminal import say


@click.command()
@click.option(
    "--json", "as_json", is_flag=True, help="For programs: a list of objects with what, state, said and todo."
)
def doctor(as_json: bool) -> None:
    """Look whether this machine and all that it is connected to are as they must be: a line each, and what to do.

    Changes nothing, shows no secret, and ends within some ten seconds, whatever hangs. Code 1 where a line is `fail`.
    """
    logs.configure("error")
    found = []
    for line in lines():
        found.append(line)
        if not as_json:
            say(f"{line.state:<4}  {line.what}: {line.said}")
            if line.todo:
                say(f"      {line.todo}")
    if as_json:
        click.echo(json.dumps([line.told() for line in found], indent=1))
    sys.exit(1 if any(line.state == FAIL for line in found) else 0)
