"""The pages of saved views: saved from what is shown, opened again, given out by links, and clear when broken."""

import html
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.factories import outcome
from tests.web.pages.conftest import browser_with
from tests.web.pages.shown import text
from web.auth import API
from web.context import context

HOSTILE = '<script>alert(1)</script>" onclick="x'


def saved(browser, query="kind=outcomes&flag=sale", **fields):
    browser.get(f"/views/new?{query}")
    kind = re.search(r"kind=(\w+)", query)[1]
    report = re.search(r"report=(\w+)", query)
    fields |= {"report": report[1]} if report else {}
    return browser.post(f"/views/new?{query}", **({"name": "Mine", "kind": kind} | fields))


def test_the_list_of_calls_is_saved_as_it_is_shown_in_the_readers_zone(reader):
    reader.post("/zone", zone="Asia/Kolkata")
    page = text(reader, "/calls?flag=sale&since=2026-11-18T06:30:00Z&order=started_at")
    (link,) = re.findall(r'href="(/views/new\?[^"]+)">Save this view', page)
    form = text(reader, link.replace("&amp;", "&"))
    assert "2026-11-18 12:00:00 (Asia/Kolkata)" in form and "as it is: these times" in form
    answer = reader.post(link.replace("&amp;", "&"), kind="outcomes", name="Sales", shared="1")
    page = text(reader, answer.location)
    assert "Sales is saved." in page and "Seen by everybody" in page
    assert "/calls?flag=sale&amp;since=2026-11-18T06%3A30%3A00Z" in page and "order" not in page
    assert "Sales" in text(reader, "/views") and 'href="/views" aria-current="page"' in text(reader, "/views")


def test_with_a_period_it_moves_with_the_day(reader):
    answer = saved(reader, "kind=outcomes&since=2026-11-18T06:30:00Z&until=2026-11-19", period="last_month")
    page = text(reader, answer.location)
    assert re.search(r"period: <bdi>last month</bdi>", page) and "2026-11-18" not in page
    assert re.search(r"/calls\?since=20\d\d-\d\d-01T", page)


def test_a_report_is_saved_with_its_question(reader):
    page = text(reader, "/views/new?kind=report&report=agents&group_by=day,agent")
    assert "What does the work of each agent" in page and "group by: <bdi>day,agent</bdi>" in page
    page = text(reader, saved(reader, "kind=report&report=agents&group_by=day,agent").location)
    assert "What does the work of each agent" in page
    assert text(reader, "/views/new?kind=report&report=nothing", 404)


@pytest.mark.parametrize(
    "address",
    [
        "/reports/connect_rate?since=2026-11-01T00:00:00Z&tz=Asia/Kolkata&compare=previous&flag=sale&group_by=hour,campaign",
        "/reports/best_time?zone=customer&tz=UTC",
        "/reports/callbacks?tz=Europe/Kyiv&connection=ryng-main",
        "/calls?figure=connect_rate.connected&row=hour:10&tz=Asia/Kolkata&connection=ryng-main",
        "/calls?columns=id,notes&is_final=true",
        "/calls?figure=attempts.attempts&row=day:2026-11-18",
    ],
)
def test_what_a_page_shows_is_saved_and_opened_again(reader, address):
    reader.post("/zone", zone="Asia/Kolkata")
    page = text(reader, address)
    (link,) = {one.replace("&amp;", "&") for one in re.findall(r'href="(/views/new\?[^"]+)">Save this view', page)}
    assert "Save a view" in text(reader, link)
    kind, report = (re.search(rf"{name}=(\w+)", link) for name in ("kind", "report"))
    fields = {"report": report[1]} if report else {}
    saved = text(reader, reader.post(link, name="Mine", kind=kind[1], **fields).location)
    (again,) = (one.replace("&amp;", "&") for one in re.findall(r'href="([^"]+)">Open<', saved))
    before, after = (sorted(parse_qsl(urlsplit(one).query)) for one in (address, again))
    assert before == after and urlsplit(again).path == urlsplit(address).path
    assert reader.get(again, follow_redirects=True).status_code == 200  # where the order is another, once more


@pytest.mark.parametrize(
    "query", ["kind=outcomes&colour=red", "kind=outcomes&connection=gone", "kind=report&report=agents&figure=a.b"]
)
def test_what_cannot_be_asked_is_not_saved_and_said(reader, query):
    answer = saved(reader, query)
    assert answer.status_code == 422
    assert "It was not saved." in answer.text and 'value="Mine"' in answer.text
    assert "None yet." in text(reader, "/views")


def test_what_others_write_is_text(reader, admin):
    address = saved(reader, "kind=outcomes&agent=%3Cscript%3Ealert(2)%3C/script%3E", name=HOSTILE).location
    reader.get(address)
    made = reader.post(f"{address}/links", name=HOSTILE)
    for page in (text(reader, address), text(admin, "/views"), made.text):
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page and '" onclick="x' not in page


def test_a_link_is_shown_once_and_revoked(reader, database, app):
    with database.write() as session:
        outcome(session, flags=["sale"])
    address = saved(reader).location
    reader.get(address)
    made = reader.post(f"{address}/links", name="Power BI", days="30 days")
    assert made.status_code == 200 and made.headers["Cache-Control"] == "no-store"
    (url,) = re.findall(r'value="http://127.0.0.1:8080(/x/[^"]+\.csv)"', made.text)
    assert f"""value='=IMPORTDATA("http://127.0.0.1:8080{url}")'""" in made.text
    assert app.test_client().get(url).text.count("\n") == 2
    page = text(reader, address)
    assert url[3:-4] not in page and "Power BI" in page and "until <time" in page
    (revoke,) = re.findall(rf'action="({address}/links/[^"]+)"', page)
    assert reader.post(revoke).status_code == 303
    assert "nothing: revoked" in text(reader, address)
    assert app.test_client().get(url).status_code == 404


def test_files_of_a_view(reader, database):
    with database.write() as session:
        outcome(session, flags=["sale"], customer_number="+919812345678")
    address = saved(reader).location
    page = text(reader, address)
    files = [one.replace("&amp;", "&") for one in re.findall(r'href="([^"]+/file\?[^"]+)"', page)]
    assert len(files) == 4
    for file in files:
        answer = reader.get(file)
        assert answer.data and answer.status_code == 200
    assert '"=""+919812345678"""' in reader.get(files[-1]).text
    assert reader.get(f"{address}/file?format=pdf").status_code == 404


def test_a_view_that_is_broken_says_so_and_offers_nothing_else(reader, app):
    address = saved(reader, "kind=outcomes&connection=ryng-main").location
    reader.get(address)
    reader.post(f"{address}/links", name="Sheets")
    assert ">until it is revoked<" in text(reader, address)
    context(app).connections = {}
    page = text(reader, address)
    assert ">an error, until it is revoked<" in page
    assert "The connection ryng-main is not in the settings (any more)." in page
    assert "/file?" not in page and "Make a link" not in page and ">Open<" not in page
    assert "is not in the settings" in text(reader, "/views")
    reader.get(address)
    made = reader.post(f"{address}/links", name="Power BI")
    assert made.status_code == 303 and "Nothing was changed. The connection ryng-main" in text(reader, address)
    assert text(reader, f"{address}/file?format=csv", 409)


def test_a_view_that_is_broken_is_mended_or_deleted_on_its_page_and_over_the_api(reader, app):
    api, key, kept = app.test_client(), {"Authorization": f"Bearer {reader.key}"}, []
    for name in ("Mended", "Mended there", "Deleted", "Deleted there"):
        address = saved(reader, "kind=outcomes&connection=ryng-main&flag=sale", name=name, shared="1").location
        kept.append(address)
    context(app).connections = {"qvoice-main": context(app).connections["qvoice-main"]}
    mended, mended_there, deleted, deleted_there = kept

    page = text(reader, mended)
    left = html.unescape(re.search(r'<a href="([^"]+)">Open what is left of it<', page)[1])
    assert left == "/calls?flag=sale" and reader.get(left).status_code == 200
    form = text(reader, "/views/new?kind=outcomes&connection=qvoice-main&flag=sale")
    assert f'<option value="{mended.rpartition("/")[2]}">Mended</option>' in form
    answer = saved(reader, "kind=outcomes&connection=qvoice-main&flag=sale", name="", instead=mended.rpartition("/")[2])
    assert answer.location == mended
    page = text(reader, mended)
    assert "cannot be asked" not in page and "qvoice-main" in page and ">Mended<" in page and "everybody" in page
    asked = {"query": {"connection": ["qvoice-main"]}}
    assert api.put(f"{API}{mended_there}", json=asked, headers=key).json["view"]["problem"] is None

    reader.get(deleted)
    assert reader.post(f"{deleted}/delete").location == "/views"
    assert api.delete(f"{API}{deleted_there}", headers=key).status_code == 204
    assert [one["name"] for one in api.get(f"{API}/views", headers=key).json["views"]] == ["Mended", "Mended there"]


def test_nobody_saves_in_place_of_what_is_others(app, database, reader):
    address = saved(reader, name="Theirs", shared="1").location
    other = browser_with(app, database, "read", "leads")
    assert "In place of" not in text(other, "/views/new?kind=outcomes&flag=sale")
    answer = saved(other, "kind=outcomes&flag=dnc", name="Mine", instead=address.rpartition("/")[2])
    assert answer.status_code == 403 and "read has saved this view" in answer.text
    assert "sale" in text(reader, address) and "dnc" not in text(reader, address)


def test_only_whoever_saved_it_or_an_admin_changes_it(app, database, reader, admin):
    address = saved(reader, shared="1").location
    other = browser_with(app, database, "read", "leads")
    assert "Delete it and its links" not in text(other, address)
    other.get(address)
    other.post(f"{address}/change", name="Theirs")
    assert "Nothing was changed. read has saved this view" in text(other, address)
    admin.get(address)
    admin.post(f"{address}/change", name="Ours")
    assert "It is changed." in text(admin, address) and "Seen by keys named <bdi>read</bdi>, and" in text(
        admin, address
    )
    assert text(other, address, 404)
    reader.get(address)
    assert reader.post(f"{address}/delete").location == "/views"
    assert "The view is deleted." in text(reader, "/views")


def test_nobody_saves_or_sees_anything_without_a_session_or_a_token(stranger, reader):
    assert stranger.get("/views").status_code == 303
    reader.get("/views/new?kind=outcomes")
    reader.token = "guessed"
    assert reader.post("/views/new?kind=outcomes", kind="outcomes", name="a").status_code == 403
