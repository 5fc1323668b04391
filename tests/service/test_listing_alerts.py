"""``wrapup alerts list`` where the machine's own alerts cannot be kept, or not be read: who watches is not denied."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from lib import clock
from sandbox.webhook.receiver import SECRET
from service.app import create_app
from service.cli.group import wrapup
from service.watching import watch_of
from tests.web.conftest import settings_for
from upkeep.alerts.conditions import NAMED
from upkeep.alerts.judging import Wrong
from upkeep.alerts.keepers import InFile
from upkeep.alerts.settings import Alerts
from web.context import context

SPOOLED = NAMED["callbacks_spooled"]
WRONG = Wrong('["callbacks_spooled"]', SPOOLED.severity, timedelta(0), "91 kB of callbacks wait.", SPOOLED)


@pytest.fixture
def own(sqlite_url, tmp_path):
    alerts = Alerts(webhook="https://hooks.example.com/", secrets=(SECRET,), conditions=())
    return replace(settings_for(sqlite_url, tmp_path), alerts=alerts)


@pytest.fixture
def listed(own):
    """Runs it; a worker watches what is in the database."""
    app = create_app(own)
    watch = watch_of(context(app).database, own)
    watch.look()
    yield partial(app.test_cli_runner().invoke, wrapup, ["alerts", "list"])
    watch.leave()
    context(app).database.close()


def test_a_file_that_cannot_be_read_is_no_worker_that_is_missing(own, listed):
    keeper = InFile(own.data_dir)
    assert keeper.watches()
    keeper.path.mkdir()
    said = listed()
    assert said.exit_code == 1 and "no worker watches" not in said.output
    assert f"{keeper.path} cannot be read (Is a directory)." in said.output
    keeper.path.rmdir()
    keeper.path.write_text("[")
    assert f"{keeper.path} cannot be read (" in listed().output
    keeper.leave()


def test_what_is_old_since_it_cannot_be_written_is_said_to_be_so(own, listed):
    ago = clock.now() - timedelta(minutes=20)
    keeper = InFile(own.data_dir, lambda: ago)
    assert keeper.watches()
    assert "(last noted: never): the worker that watches it has just begun, is stopped" in listed().output
    with keeper.state() as state:
        state.advance([WRONG], (), ago, False)
        state.told("webhook", state.notes("webhook", (), False))
    keeper.keep()
    said = listed()
    alert, why = said.output.splitlines()
    assert alert == "critical  20 min ago  91 kB of callbacks wait.  (webhook told; as of 20 min ago)"
    assert why.startswith("Nobody knows what is wrong now with the disk, the spool and the backups of ")
    assert "(last noted: 20 min ago): the worker that watches it" in why and f"cannot write {keeper.path} (" in why
    keeper.leave()
    said = listed()
    assert said.exit_code == 1 and said.output.splitlines()[1].endswith(": no worker watches it.")


def test_a_channel_that_fails_has_one_line_and_one_that_is_no_more_none(own, listed):
    keeper = InFile(own.data_dir)
    assert keeper.watches()
    with keeper.state() as state:
        state.advance([], (), clock.now(), False)
        for channel, times in (("webhook", 1), ("mail", 3)):
            for _ in range(times):
                state.not_told(channel, f"The server of {channel} hangs.", clock.now())
    keeper.keep()
    assert listed().output.splitlines()[0] == "webhook: not told 1 time in a row: The server of webhook hangs."
    assert "mail" not in listed().output
    keeper.leave()
