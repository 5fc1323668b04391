"""``[writeback.<connection>]``: what it comes to, and one sentence for each mistake."""

import pytest

from crm.destination import NUMBER, SKIP, Rule
from service.settings import config
from service.settings.mistakes import BadSettings
from service.settings.writeback import writeback_of
from tests.server import toml
from tests.web.conftest import CONNECTIONS, NOBODY


def made(table: dict, name: str = "qvoice-main"):
    return writeback_of({"writeback": {name: table}}, CONNECTIONS)


def test_each_line_is_a_rule_in_their_order():
    (found,) = made({"flag:dnc": "failed", "Wrong number": "failed", "disposition:Bought": "success"}).values()
    assert (found.name, found.kind, found.log_calls) == ("writeback-qvoice-main", "lead_status", False)
    assert (found.find_by, found.not_found) == ((NUMBER,), SKIP)
    assert found.settings["connection"] is CONNECTIONS["qvoice-main"]
    assert found.status == (
        Rule("flag", "dnc", {"status": "failed"}),
        Rule("disposition", "Wrong number", {"status": "failed"}),
        Rule("disposition", "Bought", {"status": "success"}),
    )
    assert writeback_of({}, CONNECTIONS) == {}


@pytest.mark.parametrize(
    ("table", "name", "said"),
    [
        ({"flag:dnc": "failed"}, "nobody", "belongs to no connection"),
        ({"flag:dnc": "failed"}, "ryng-main", "ryng takes no statuses of leads; those that do: qvoice."),
        ({"flag:gone": "failed"}, "qvoice-main", "flag:gone: Must be a disposition's words, or flag:"),
        ({" ": "failed"}, "qvoice-main", "Must be a disposition's words"),
        ({"flag:dnc": 3}, "qvoice-main", "Must be a status by the dialer's own word"),
        ({"flag:dnc": ""}, "qvoice-main", "Must be a status by the dialer's own word"),
    ],
)
def test_a_mistake_is_one_sentence(table, name, said):
    with pytest.raises(BadSettings, match="writeback") as mistake:
        made(table, name)
    assert said in str(mistake.value)


def test_no_destination_has_the_name_of_one_that_writes_back(tmp_path):
    qvoice = {"dialer": "qvoice", **NOBODY}
    text = f"[connections.qvoice-main]\n{toml(qvoice)}\n[writeback.qvoice-main]\n'flag:dnc' = 'failed'\n"
    (tmp_path / "wrapup.toml").write_text(text)
    environ = {"WRAPUP_CONFIG": str(tmp_path / "wrapup.toml"), "WRAPUP_DATA_DIR": str(tmp_path)}
    assert list(config.load(environ).destinations) == ["writeback-qvoice-main"]
    other = '[destinations.writeback-qvoice-main]\nkind = "hubspot"\naccess_token = "pat-eu1-0123456789abcdef"\n'
    (tmp_path / "wrapup.toml").write_text(text + other)
    with pytest.raises(BadSettings, match="this name is taken by"):
        config.load(environ)
