"""``python -m tests.fuzz TARGET --seconds N``: fuzz one target; ``all`` is every one of them, each for so long."""

from pathlib import Path

import click

from tests.fuzz import runner, seeds
from tests.fuzz.targets import TARGETS


@click.command(help=__doc__)
@click.argument("target", type=click.Choice([*TARGETS, "all"]))
@click.option("--seconds", default=60, show_default=True)
@click.option(
    "--corpus", type=click.Path(file_okay=False, path_type=Path), help="Keep what was found interesting here."
)
def main(target: str, seconds: int, corpus: Path | None) -> None:
    crashed = False
    for name in TARGETS if target == "all" else [target]:
        done = runner.run(name, seconds, corpus / name if corpus else None, seeds.FOUND / name)
        click.echo(f"{name}: {done}")
        if done.crash:
            crashed = True
            click.echo(done.output[-6000:])
            click.echo(f"{name}: broken by {done.crash}")
    raise SystemExit(crashed)


if __name__ == "__main__":
    main()
