"""Fixtures: a mirror of the test's database, and whoever asks it."""

import pytest

from queries.sources import Sources


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mirror"


@pytest.fixture
def sources(database, folder):
    found = Sources(database, folder)
    yield found
    found.close()
