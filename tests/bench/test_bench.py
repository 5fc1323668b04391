"""The benchmark runs, so that it is there when it is wanted. What it measures in a second means nothing."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import mirrored
from bench.__main__ import _tried
from bench.table import Row
from tests.thoroughly import THOROUGH

ROOT = Path(__file__).parent.parent.parent
QUICK = {
    "BENCH_ROWS": "1,14" if THOROUGH else "1",  # the second is of a large table; the others are made of the same pieces
    "BENCH_CALLS": "300",
    "BENCH_SECONDS": "0.2",
    "BENCH_ROUNDS": "1",
}


OF_THE_MIRROR = [
    "17",
    "17b",
    *["18"] * len(mirrored.asked_of_mirror()),
    "18a",
    "18a",
    "18a",
    "18b",
    "18c",
    "18d",
    "19",
    "20",
    "20",
]


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"])  # each takes a minute, and ``make bench`` runs both
def test_rows_are_measured(database, tmp_path):
    environ = {key: value for key, value in os.environ.items() if not key.startswith("WRAPUP_")}
    environ |= QUICK | {"BENCH_DATABASES": database, "BENCH_DIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-m", "bench"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=600
    )
    figures = [line.split("|")[2].split(".")[0].strip() for line in ran.stdout.splitlines() if line.startswith("| ")]
    assert "void" not in ran.stdout, ran.stderr
    large = [*["14"] * 11, "15", "15b", "15c", *["16"] * 4, *OF_THE_MIRROR] if THOROUGH else []
    assert figures == ["figure", "1", "1c", "1d", "2", "2b", *large], ran.stderr
    assert ran.returncode == 0, ran.stderr


def test_a_row_whose_wait_was_in_vain_is_void_and_ends_no_other():
    def vain():
        yield Row("13. one", "1 s")
        raise AssertionError("still not so after 60 s")

    found = list(_tried(SimpleNamespace(name="SQLite"), "13", vain))
    assert [row.ours for row in found] == ["1 s", "void: AssertionError: still not so after 60 s"]
