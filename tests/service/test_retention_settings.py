"""The table ``[retention]``, and the command that shows what is due and deletes it."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lib import clock, ids, months
from models import Receipt
from models.database import Database
from service.settings.mistakes import BadSettings
from service.settings.retention import retention_of
from tests import factories
from tests.evidence import RYNG

ALL = {RYNG.name: RYNG}


def test_ages_are_whole_months():
    ages = retention_of({"retention": {"receipts": "13 months", "snapshots": "1 month"}}, {})
    assert ages.months == {"receipts": 13, "snapshots": 1}
    assert retention_of({}, ALL).months == {}
    assert retention_of({"retention": {"audit": "4 months"}}, ALL).months == {"audit": 4}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("13 months", "must be a table"),
        ({"receipts": "400 days"}, 'receipts: Must be whole months, such as "13 months"'),
        ({"receipts": "13 months "}, "Must be whole months"),
        ({"receipts": "0 months"}, "Must be whole months"),
        ({"receipts": 13}, "Not a text"),
        ({"recepits": "13 months"}, "recepits: There is no such key; perhaps receipts is meant"),
        ({"outcomes": "13 months"}, "outcomes must be kept at least as long as receipts, which are kept for ever"),
        (
            {"receipts": "14 months", "outcomes": "13 months"},
            "which are kept for 14 months: else what is left of a call",
        ),
        ({"receipts": "14 months", "deliveries": "13 months"}, "would be sent to a CRM a second time"),
        ({"audit": "3 months"}, 'audit must be kept for at least "4 months"'),
    ],
)
def test_what_cannot_be_is_said(table, said):
    with pytest.raises(BadSettings, match=said):
        retention_of({"retention": table}, ALL)


def test_nothing_goes_that_a_connection_may_still_tell_of():
    slow = {"slow": replace(RYNG, name="slow", disposition_window=timedelta(days=400))}
    for kind in ("receipts", "loads"):
        with pytest.raises(BadSettings, match=rf"{kind} must be kept for longer than 401 days: so far back slow waits"):
            retention_of({"retention": {kind: "13 months"}}, slow)
        with pytest.raises(BadSettings, match='Say at least "14 months"'):
            retention_of({"retention": {kind: "1 month"}}, slow)
    assert retention_of({"retention": {"receipts": "14 months"}}, slow)
    polled = {"q": replace(RYNG, name="q", dialer="qvoice", settings={"page_size": 1000})}
    with pytest.raises(BadSettings, match=r"36 days: so far back q may be asked for calls whose end was not told"):
        retention_of({"retention": {"receipts": "1 month"}}, polled)
    assert retention_of({"retention": {"receipts": "1 month"}}, ALL)


@pytest.fixture
def configured(database_url, tmp_path, commands):
    (tmp_path / "wrapup.toml").write_text('[retention]\nreceipts = "13 months"\n')
    own = {"WRAPUP_DATABASE_URL": database_url, "WRAPUP_DATA_DIR": str(tmp_path)}
    own |= {"WRAPUP_CONFIG": str(tmp_path / "wrapup.toml")}
    return lambda *words: commands.run("retention", *words, cwd=tmp_path, env={**os.environ, **own})


def test_it_is_shown_first_and_deleted_on_request(configured, database_url):
    database = Database(database_url)
    old = months.later(months.begin(clock.now()), -15)
    with database.write() as session:
        for number in range(3):
            factories.receipt(session, id=type(ids.new())(int=ids.first(old).int + number), received_at=old)
    shown = configured().stdout
    since = months.name(months.later(months.begin(clock.now()), -13))
    assert f"receipts    kept since {since}" in shown and "outcomes    kept for ever" in shown
    assert f"receipts    {months.name(old)}  receipts                      3 rows" in shown
    assert "Nothing was deleted. With --apply it is." in shown
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == 3
    assert "receipts: 3 rows deleted." in configured("--apply").stdout
    again = configured("--apply").stdout
    assert "Nothing is older than it is kept." in again and "deleted" not in again
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == 0
    compacted = configured("--compact")
    if database.is_sqlite:
        assert "given back by itself" in compacted.stdout
    else:
        assert compacted.returncode == 2 and "is for SQLite" in compacted.stderr
    database.close()
