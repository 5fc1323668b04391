"""Everything that ever broke a target, and everything that the fuzzers begin with, as ordinary tests."""

import pytest

from tests.fuzz import seeds
from tests.fuzz.targets import TARGETS

KEPT = [(target, path) for target in TARGETS for path in seeds.kept(target)]


@pytest.mark.parametrize("target, path", KEPT, ids=[f"{target}/{path.name}" for target, path in KEPT])
def test_what_was_found_breaks_nothing_any_more(target, path):
    TARGETS[target].run(path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_what_the_fuzzers_begin_with(target):
    inputs = seeds.of(target)
    assert len(inputs) >= 5
    for data in inputs:
        TARGETS[target].run(data)


def test_every_folder_of_what_was_found_belongs_to_a_target():
    assert {path.name for path in seeds.FOUND.glob("*")} <= set(TARGETS)
