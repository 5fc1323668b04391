"""``make update``: renews the lock files beside this one from the ranges in setup.cfg, and says what moved.

Each holds exact versions with hashes, for every Python and machine that the ranges allow:

- ``build.txt``: what builds the package itself, from pyproject.toml;
- ``run.txt``: what a running Wrapup needs;
- ``fast.txt``: gunicorn's parser in C, which needs a compiler;
- ``test.txt``: what a running Wrapup needs, in the same versions, and the tests' tools;
- ``ha.txt``: what ``make ha`` needs besides, in versions that go with these;
- ``update.txt``: what runs this.

No index is named in them: pip takes the files from wherever it is told to look, and their hashes say that they are the same.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from configparser import ConfigParser
from pathlib import Path

HERE = Path(__file__).parent
HEAD = "# Made from setup.cfg by `make update`: do not edit.\n"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Package -> version, of a lock file's text."""
    return dict(PIN.findall(text))


def moved(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What a reader of the change wants to know, a line for each package."""
    said = []
    for name in sorted(before | after):
        old, new = before.get(name), after.get(name)
        if old != new:
            said.append(
                f"{name} {old} -> {new}" if old and new else f"{name} {new} is new" if new else f"{name} {old} is gone"
            )
    return said


def compiled(source: str, target: Path, *options: str) -> str:
    """The lock file's text, as uv works it out from the source (a file, or ``-`` and what stands in it)."""
    name, given = ("-", source) if "\n" in source else (source, None)
    command = [sys.executable, "-m", "uv", "pip", "compile", name, "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        # What is there already is kept where nothing asks for more: see --upgrade.
        out = Path(folder, target.name)
        if target.exists():
            out.write_text(target.read_text())
        command += ["--output-file", str(out), *options]
        subprocess.run(command, input=given, text=True, check=True, cwd=HERE.parent)
        return HEAD + out.read_text()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--keep", action="store_true", help="change nothing that setup.cfg does not ask for")
    kept = [] if options.parse_args().keep else ["--upgrade"]
    build = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["build-system"]["requires"]
    ranges = ConfigParser()
    ranges.read(HERE.parent / "setup.cfg")
    for name, source, *more in (
        ("build", "\n".join([*build, ""])),
        ("run", "setup.cfg"),
        ("fast", ranges["options.extras_require"]["fast"]),
        ("test", "setup.cfg", "--extra", "test", "--constraints", str(HERE / "run.txt")),
        ("ha", ranges["options.extras_require"]["ha"], "--constraints", str(HERE / "test.txt")),
        ("update", ranges["options.extras_require"]["update"]),
    ):
        target = HERE / f"{name}.txt"
        before = target.read_text() if target.exists() else ""
        after = compiled(source, target, *kept, *more)
        target.write_text(after)
        changes = moved(pins(before), pins(after))
        print(f"{target.relative_to(HERE.parent)}: {len(pins(after))} packages")
        print("".join(f"    {line}\n" for line in changes) or "    nothing moved\n", end="")


if __name__ == "__main__":
    main()
