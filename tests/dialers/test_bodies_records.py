"""Records of reports and their pages: read as bodies are."""

import json

import pytest
from flask import Flask

from dialers import bodies
from dialers.jaicp import reports as jaicp_reports
from dialers.qvoice import envelopes
from dialers.ringostat import reports as ringostat_reports
from lib import json_mending, rawjson
from lib.http.exchange import Http
from sandbox.server import running
from tests.dialers.posting import PAYLOADS, read


@pytest.mark.parametrize(
    ("dialer", "kind", "body"),
    [
        (
            "ringostat",
            "calls",
            '{"uniqueid": "7", "call_type": "in", "disposition": "ANSWERED", "employee_fio": "HERE"}',
        ),
        ("jaicp", "jobs", '{"id": 7, "jobStatus": "finishedSuccess", "callResult": "HERE"}'),
        ("qvoice", "lead_history", '{"call_id": "a", "timestamp": 1666222318, "agent_disposition": "HERE"}'),
    ],
)
def test_records_are_read_as_bodies_are(dialer, kind, body):
    for raw, text, slips in (
        (b"a\nb", "a\nb", ("raw_line_breaks",)),
        (b"a\tb", "a\tb", ("raw_control_characters",)),
        (b"\xe9b", "\ufffdb", ("replaced_characters",)),
    ):
        found = read(dialer, body.encode().replace(b"HERE", raw), kind=kind, source="report")
        assert text in json.dumps([dict(event.facts) for event in found.events], ensure_ascii=False).replace(
            "\\n", "\n"
        ).replace("\\t", "\t")
        assert found.forgiven == slips


SLIPS_OF_PAGES = [
    lambda page: page + b"\x00",
    lambda page: b"\xef\xbb\xbf" + page + b"\r\n\x00\x00",
    lambda page: page.replace(b"]", b",]"),
    lambda page: page.replace(b"HERE", b"one\ntwo\tthree"),
    lambda page: page.replace(b"HERE", b"one\xe9"),
    lambda page: page.replace(b"HERE", b"one\xe9") + b"\x00",
]


@pytest.mark.parametrize("slip", SLIPS_OF_PAGES)
@pytest.mark.parametrize(
    "cut",
    [
        ringostat_reports.opened,
        lambda body: [record.body for record in jaicp_reports._attempts(body, "renewals", "GET /x")],
        lambda body: [record.body for record in envelopes.opened(body, "GET /x").records],
    ],
)
def test_a_slip_in_a_page_hides_no_record(cut, slip):
    sent = slip(b'[{"id": 7, "uniqueid": "7", "note": "HERE"}, {"id": 8}]')
    records = cut(sent)
    assert len(records) == 2 and all(record in sent for record in records)
    assert bodies.glance(records[0])["uniqueid"] == "7"


def test_an_id_that_holds_bytes_which_are_no_text_is_none():
    assert bodies.glance(b'{"id": "a\xe9", "n": "a\nb", "m": 1}') == {"n": "a\nb", "m": 1}
    assert bodies.glance(b'{"id": "a') is None


def test_a_page_in_a_character_set_that_its_header_names():
    app = Flask("pages")
    said = '[{"name": "Олена"}]'
    kind = {"Content-Type": "application/json; charset=windows-1251"}
    app.get("/<codec>")(lambda codec: (said.encode(codec), kind))
    with running(app) as url:
        for path in ("cp1251", "utf-8"):
            assert Http().exchange("GET", f"{url}/{path}").body == said.encode()


@pytest.mark.parametrize(
    "path", sorted(path for path in PAYLOADS.rglob("*.json") if "printed" not in path.name), ids=str
)
def test_what_is_right_is_mended_to_itself(path):
    text = path.read_text()
    (found,), slips = json_mending.mended(text)
    assert (found, slips) == (rawjson.loads(text), set())
