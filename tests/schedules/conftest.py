"""Fixtures: the engine with a mail server, a folder and a store."""

from dataclasses import replace

import pytest

from schedules.settings import Settings
from tests.schedules.rig import OPS, Engine, bucket_of, mail_of, mailbox, store, view


@pytest.fixture
def box():
    with mailbox() as found:
        yield found


@pytest.fixture
def bucket():
    with store() as found:
        yield found


@pytest.fixture
def engine(database, tmp_path, box):
    folder = tmp_path / "out"
    folder.mkdir()
    settings = Settings(mail_of(box.port), folder, tell=OPS, public_url="https://wrapup.example.com")
    return Engine(database, tmp_path, settings)


@pytest.fixture
def stored(engine, bucket):
    """With a bucket called ``lake``."""
    engine.settings = replace(engine.settings, buckets={"lake": bucket_of(bucket.url)})
    return engine


@pytest.fixture
def calls(database):
    """A view of them."""
    return view(database)
