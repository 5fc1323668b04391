"""What commands write to a terminal that others have said: dialers in their refusals, whoever wrote a list of leads."""

from typing import Any

import click

from lib import text as texts


def say(text: str, err: bool = False) -> None:
    """Write it, with escape codes and marks that turn lines around as they are written in Python: a terminal obeys them."""
    click.echo("\n".join("\t".join(map(texts.visible, line.split("\t"))) for line in text.split("\n")), err=err)


def say_json(value: Any, indent: int | None = None) -> None:
    """Write it as JSON, which it is still where somebody has put such codes into it."""
    click.echo(texts.as_json(value, indent))
