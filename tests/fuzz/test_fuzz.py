"""A few seconds of coverage-guided fuzzing per target. ``python -m tests.fuzz all --seconds 600`` is the long version."""

from contextlib import nullcontext

import pytest

from tests.fuzz import runner
from tests.fuzz.targets import TARGETS

pytest.importorskip("atheris")

SECONDS = 1


@pytest.fixture(scope="module")
def forks():
    with runner.Forks() as forks:
        yield forks


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_breaks_in_a_short_run(target, forks):
    done = runner.run(target, SECONDS, start=forks)
    assert done.crash is None, (
        f"{target} was broken by {done.crash}: {done.crash.read_bytes()!r}\n{done.output[-6000:]}"
    )
    assert done.executions > 50, done.output[-2000:]
    assert done.edges > 20, f"nothing was watched\n{done.output[-2000:]}"


@pytest.mark.parametrize("forked", [False, True])
def test_a_target_that_breaks_is_reported_with_its_input(monkeypatch, tmp_path, forked):
    child = tmp_path / "child.py"
    child.write_text(
        "from tests.fuzz import child, targets\n"
        "def run(data):\n"
        "    assert b'terminal' not in data\n"
        "targets.TARGETS['words-ryng'] = targets.Target(run, 'ryng')\n"
        "child.main()\n"
    )
    monkeypatch.setattr(runner, "CHILD", (str(child),))
    with runner.Forks() if forked else nullcontext(runner.alone) as start:
        done = runner.run("words-ryng", SECONDS, artifacts=tmp_path / "found", start=start)
    assert b"terminal" in done.crash.read_bytes()
    assert "AssertionError" in done.output
