"""Export links: a view for programs that send no headers, and nothing for anybody else."""

import csv
import http.client
import io
import json
import logging
from datetime import timedelta

import pytest
import requests

from lib import clock, secrets
from models import ExportLink
from service import logs
from tests.factories import NOON, outcome
from tests.web.conftest import client_with
from tests.web.listening import Keeping, listening
from web import keys
from web.context import context

API = "/api/v1"


@pytest.fixture
def calls(database):
    with database.write() as session:
        for _ in range(3):
            outcome(session, customer_number="+919812345678", campaign_name="@SUM(1)", started_at=NOON)


def view(client, **given):
    body = {"name": "Mine", "kind": "outcomes", "query": {"columns": ["customer_number,campaign_name"]}} | given
    return client.post(f"{API}/views", json=body).json["view"]


def link(client, kept, **given):
    answer = client.post(f"{API}/export-links", json={"view_id": kept["id"], "name": "Excel"} | given)
    assert answer.status_code == 201, answer.json
    return answer.json["link"], {form: url.partition("8080")[2] for form, url in answer.json["urls"].items()}


def status(client, path):
    answer = client.get(path)
    assert answer.data  # whoever does not read holds a turn
    return answer.status_code


def test_it_answers_three_forms_without_a_key_and_without_a_redirect(app, reader, calls):
    made, urls = link(reader, view(reader))
    with listening(app, handler=Keeping) as port:
        url = f"http://127.0.0.1:{port}"
        got = {form: requests.get(url + path, allow_redirects=False, timeout=10) for form, path in urls.items()}
        head = requests.head(url + urls["csv"] + "?_=123", timeout=10)
    assert made["used_at"] is None
    (listed,) = reader.get(f"{API}/export-links?view_id={made['view_id']}").json["links"]
    assert timedelta() <= clock.now() - clock.parse(listed["used_at"]) < timedelta(minutes=2), "of the minute"
    assert listed["used_at"].endswith(":00Z")
    assert {one.status_code for one in got.values()} == {200} and head.status_code == 200
    assert got["csv"].headers["Content-Type"].startswith("text/csv; charset=utf-8")
    assert got["csv"].headers["Cache-Control"] == "private, no-store"
    assert got["csv"].headers["Referrer-Policy"] == "no-referrer"
    assert list(csv.reader(io.StringIO(got["csv"].text)))[1] == ["+919812345678", "'@SUM(1)"]
    assert [json.loads(line)["campaign_name"] for line in got["ndjson"].text.splitlines()] == ["@SUM(1)"] * 3
    assert got["xlsx"].content.startswith(b"PK")
    assert made["good"] and made["for"] is None


def test_for_a_spreadsheet_it_writes_texts_that_stay_whole(app, reader, nobody, calls):
    _, urls = link(reader, view(reader), **{"for": "spreadsheet"})
    assert nobody.get(urls["csv"]).text.splitlines()[1] == '"=""+919812345678""","=""@SUM(1)"""'
    report = view(reader, kind="report", report="attempts", query={"group_by": ["campaign"]})
    _, urls = link(reader, report, **{"for": "spreadsheet"})
    answer = nobody.get(urls["csv"])
    assert answer.data.startswith(b"\xef\xbb\xbf") and '="@SUM(1)"' in answer.text.replace('""', '"')
    (line,) = map(json.loads, nobody.get(urls["ndjson"]).text.splitlines())
    assert line["attempts"] == 3


def test_a_secret_is_told_once_and_kept_as_a_hash(reader, database):
    kept = view(reader)
    made, urls = link(reader, kept)
    secret = urls["csv"].removeprefix("/x/").removesuffix(".csv")
    with database.read() as session:
        row = session.query(ExportLink).one()
        assert row.secret_hash == secrets.hashed(secret) and len(secret) > 40
    listed = reader.get(f"{API}/export-links?view_id={kept['id']}")
    assert listed.json["links"] == [made] and secret not in listed.text


def test_wrong_revoked_expired_and_those_of_a_revoked_key_are_one_and_the_same_404(app, database, admin, nobody, calls):
    other = client_with(app, database, "read")
    kept = view(admin, shared=True)
    revoked, expired, orphaned = (link(client, kept)[1]["csv"] for client in (admin, admin, other))
    newest = admin.get(f"{API}/export-links?view_id={kept['id']}").json["links"]
    assert [status(nobody, one) for one in (revoked, expired, orphaned)] == [200] * 3
    assert admin.delete(f"{API}/export-links/{newest[2]['id']}").json["link"]["good"] is False
    with database.write() as session:
        session.query(ExportLink).filter_by(secret_hash=secrets.hashed(expired[3:-4])).one().expires_at = clock.now()
        keys.revoke_key(session, "read")
    wrong = ["/x/wx_guessed.csv", "/x/.csv", "/x/a%00b.csv", revoked.replace(".csv", ".pdf")]
    answers = [nobody.get(one) for one in (revoked, expired, orphaned, *wrong)]
    told = {(one.status_code, one.json["error_id"], one.json["message"]) for one in answers}
    assert told == {(404, "not_found", "There is nothing here.")}
    assert [one["good"] for one in admin.get(f"{API}/export-links?view_id={kept['id']}").json["links"]] == [False] * 3
    assert context(app).refused.counts()["link_refused"] == 5


def test_links_of_others_end_where_a_view_is_shared_no_more_and_all_with_the_view(app, database, reader, nobody, calls):
    other = client_with(app, database, "read", "leads")
    kept = view(reader, shared=True)
    (_, mine), (theirs, urls) = link(reader, kept), link(other, kept)
    own = view(reader)
    refused = other.post(f"{API}/export-links", json={"view_id": own["id"], "name": "Excel"})
    assert refused.status_code == 404  # somebody else's own
    link(reader, own)
    assert other.get(f"{API}/export-links?view_id={own['id']}").json["links"] == []
    reader.put(f"{API}/views/{kept['id']}", json={"shared": False})
    assert (status(nobody, mine["csv"]), status(nobody, urls["csv"])) == (200, 404)
    assert other.delete(f"{API}/export-links/{theirs['id']}").status_code == 404
    reader.delete(f"{API}/views/{kept['id']}")
    assert nobody.get(mine["csv"]).status_code == 404


def test_only_whoever_made_it_or_its_view_revokes_it(app, database, reader):
    other, third = client_with(app, database, "read", "leads"), client_with(app, database, "leads", "read", "leads")
    kept = view(reader, shared=True)
    made = [link(other, kept)[0]["id"] for _ in range(2)]
    assert third.delete(f"{API}/export-links/{made[0]}").json["error_id"] == "not_yours"
    assert other.delete(f"{API}/export-links/{made[0]}").status_code == 200
    assert reader.delete(f"{API}/export-links/{made[1]}").status_code == 200


def test_one_that_is_asked_a_hundred_times_is_told_when_to_come_back(app, reader, nobody, calls):
    kept = view(reader)
    (_, urls), (_, others) = link(reader, kept), link(reader, kept)
    answers = []
    for _ in range(100):
        answers.append(nobody.get(urls["csv"]))
        assert answers[-1].data
    refused = [one for one in answers if one.status_code == 429]
    assert 70 <= len(refused) <= 80 and {one.status_code for one in answers} == {200, 429}
    assert {one.json["error_id"] for one in refused} == {"link_throttled"}
    assert all(1 <= int(one.headers["Retry-After"]) <= 6 for one in refused)
    assert status(nobody, others["csv"]) == 200  # the other link has turns of its own


def test_who_guesses_is_told_to_come_back_and_whoever_has_a_link_is_not(app, reader, nobody, calls):
    _, urls = link(reader, view(reader))
    guessed = [nobody.get(f"/x/wx_{number}.csv") for number in range(100)]
    assert [one.status_code for one in guessed[:20]] == [404] * 20
    refused = [one for one in guessed if one.status_code == 429]
    assert len(refused) >= 70 and all(1 <= int(one.headers["Retry-After"]) <= 6 for one in refused)
    assert status(nobody, urls["csv"]) == 200


MASHUP = {"User-Agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)"}
SHEETS = {"User-Agent": "Mozilla/5.0 (compatible; GoogleDocs; apps-spreadsheets; +http://docs.google.com)"}
SCRIPT = {
    "User-Agent": "Mozilla/5.0 (compatible; Google-Apps-Script; beanserver; +https://script.google.com; id: UAEm)"
}
OLD = {"User-Agent": "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/7.0; ms-office)", "Accept": "*/*"}
PACKED = {"Accept-Encoding": "gzip, deflate"}
# What each sends, by what its maker documents and servers have logged: docs/integrations.md.
ASKED = {
    "Excel, Power BI": [("GET", MASHUP | PACKED | {"Connection": "Keep-Alive"})] * 3,
    "a hyperlink in Excel": [
        ("OPTIONS", {"User-Agent": "Microsoft Office Protocol Discovery"}),
        ("HEAD", {"User-Agent": "Microsoft Office Excel 2014", "X-Office-Major-Version": "16", "Pragma": "no-cache"}),
        ("HEAD", {"User-Agent": "Microsoft Office Existence Discovery", "Content-Length": "0"}),
        ("GET", OLD | PACKED),
    ],
    "Google Sheets": [("GET", SHEETS | {"Accept-Encoding": "gzip, deflate, br"})],
    "Looker Studio": [("GET", SCRIPT | PACKED)],
    "whoever has it already": [
        ("GET", {"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
        ("GET", {"Range": "bytes=0-9", "Accept": "application/json"}),
    ],
    "a proxy that looks": [("HEAD", {})] * 5,  # more than there are turns
}


def test_each_program_gets_it_as_it_asks(app, reader, calls):
    made, urls = link(reader, view(reader))
    with listening(app, handler=Keeping) as port:
        want = requests.get(f"http://127.0.0.1:{port}{urls['csv']}", timeout=10).content
        good = {name: [asked(port, urls["csv"], *one) for one in some] for name, some in ASKED.items()}
        reader.delete(f"{API}/export-links/{made['id']}")
        gone = {name: [asked(port, urls["csv"], *one) for one in some] for name, some in ASKED.items()}
    for name, some in ASKED.items():
        for (verb, _), (code, headers, body), revoked in zip(some, good[name], gone[name], strict=True):
            assert (code, body) == (200, {"GET": want}.get(verb, b"")), name
            assert not headers.keys() & {"set-cookie", "location", "www-authenticate", "content-encoding", "etag"}, name
            # OPTIONS says of every address what it takes; all else that there is none.
            assert revoked[0] == (200 if verb == "OPTIONS" else 404), name


def asked(port, path, verb, headers):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.putrequest(verb, path, skip_accept_encoding=True)
    for name, value in headers.items():
        line.putheader(name, value)
    line.endheaders()
    answer = line.getresponse()
    body = answer.read()
    line.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def test_a_view_that_is_broken_is_told_and_not_half_answered(app, reader, nobody, calls):
    _, urls = link(reader, view(reader, query={"connection": ["ryng-main"]}))
    context(app).connections = {}
    told = nobody.get(urls["csv"])
    assert (told.status_code, told.json["error_id"]) == (409, "view_broken")
    assert told.json["message"] == "The connection ryng-main is not in the settings (any more)."


def test_what_is_over_already_cannot_expire(reader):
    past = clock.iso(clock.now() - timedelta(hours=1))
    told = reader.post(f"{API}/export-links", json={"view_id": view(reader)["id"], "name": "a", "expires_at": past})
    assert (told.status_code, list(told.json["details"])) == (422, ["expires_at"])


def test_no_log_holds_the_address(app, reader, nobody, calls, capfd, monkeypatch):
    """Neither where the database is away, nor where the fault is ours."""
    _, urls = link(reader, view(reader))
    logs.configure("debug")
    try:
        assert status(nobody, urls["csv"]) == 200
        own = context(app)
        with monkeypatch.context() as patched:
            app.config["PROPAGATE_EXCEPTIONS"] = False
            patched.setattr(own, "link_asks", None)
            assert status(nobody, urls["csv"]) == 500
        with own.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE export_links RENAME TO gone")
        assert status(nobody, urls["csv"]) == 503
    finally:
        logging.getLogger().handlers.clear()
        logs.configure("error")
    said = capfd.readouterr().err
    assert "/x/..." in said and "Exception on" in said and "database_unavailable" in said
    assert urls["csv"][3:-4] not in said
