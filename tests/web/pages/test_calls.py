"""The list of calls, and the files of what is listed."""

import html
import re
from datetime import timedelta

import pytest

from tests import factories
from tests.web.pages.shown import text
from web.pages import zones


def test_calls_are_found_by_the_crms_own_key(reader, database):
    with database.write() as session:
        factories.outcome(session, crm_reference="crm 901", customer_number="+919800000901")
        factories.outcome(session, customer_number="+919800000902")
    page = text(reader, "/calls?crm_reference=crm+901")
    assert "+919800000901" in page and "+919800000902" not in page
    assert 'value="crm 901"' in page and "crm reference: <bdi>crm 901</bdi>" in page


def test_the_list_takes_the_filters_of_the_api_and_goes_on_by_key(reader, admin, database):
    with database.write() as session:
        for minute in range(5):
            factories.outcome(session, connect_outcome="busy", started_at=factories.NOON + timedelta(minutes=minute))
        factories.outcome(session, connect_outcome="connected", flags=["sale"])

    seen, path = 0, "/calls?connect_outcome=busy&limit=2"
    while path:
        page = text(reader, path)
        seen += page.count("data-key=")
        following = page.split('rel="next" href="')
        path = following[1].split('"')[0].replace("&amp;", "&") if len(following) > 1 else None
    assert seen == 5

    assert text(reader, "/calls?flag=sale").count("data-key=") == 1
    assert text(reader, "/calls?connect_outcome=busy&connect_outcome=connected").count("data-key=") == 6


def test_blanks_of_the_form_are_dropped_and_its_times_are_the_readers(reader, database):
    with database.write() as session:
        factories.outcome(session, started_at=factories.NOON)
    reader.client.set_cookie(zones.COOKIE, "Asia/Kolkata")

    # Noon in UTC is 17:30 in India.
    response = reader.get("/calls?connection=&since=2026-11-18T17:30&until=2026-11-18T17:31:00&number=")

    assert response.status_code == 302
    assert response.location == "/calls?since=2026-11-18T12%3A00%3A00Z&until=2026-11-18T12%3A01%3A00Z"
    page = text(reader, response.location)
    assert page.count("data-key=") == 1
    assert 'value="2026-11-18T17:30:00"' in page
    assert "since: <bdi>2026-11-18 17:30:00 (Asia/Kolkata)" in page


@pytest.mark.parametrize(
    "query", ["connect_outcome=bussy", "since=yesterday", "nonsense=1", "limit=5000", "cursor=abc", "limit=1&limit=2"]
)
def test_a_filter_that_cannot_be_used_lists_nothing_and_says_why(reader, database, query):
    with database.write() as session:
        factories.outcome(session)

    response = reader.get(f"/calls?{query}")

    assert response.status_code == 422
    html = response.get_data(as_text=True)
    assert "Nothing is listed" in html and "data-key=" not in html


def test_a_list_by_flag_says_what_it_cannot_know(reader, database):
    with database.write() as session:
        factories.outcome(session, disposition="Sale")
        factories.outcome(session, connection="qvoice-main", dialer="qvoice", disposition="Sold", campaign_id="1")
        factories.outcome(session)

    page = reader.get("/calls?flag=sale").get_data(as_text=True)

    assert "No call matches." in page
    assert "2 calls more may belong here: nobody has decided what their dispositions mean, or" in page
    assert 'href="/connections/qvoice-main#words-title"' in page and 'href="/connections/ryng-main#words-title"' in page
    assert "1 call more may belong here" in reader.get("/calls?flag=sale&campaign_id=1").get_data(as_text=True)
    assert "may belong here" not in reader.get("/calls?flag=sale&campaign_id=2").get_data(as_text=True)
    assert "may belong here" not in reader.get("/calls").get_data(as_text=True)


def test_columns_are_chosen_and_stay_in_the_address(reader, database):
    evil = "<script>1</script>"
    with database.write() as session:
        row = factories.outcome(session, notes=evil, talk_seconds=7, campaign_name="Renewals", agent_name="Priya")

    usual = text(reader, "/calls")
    assert "Columns: the usual ones" in usual and "Renewals" in usual

    response = reader.get("/calls?connection=&columns=notes&columns=talk_seconds&flag=&columns=agent")
    assert response.location == "/calls?columns=notes%2Ctalk_seconds%2Cagent"
    page = text(reader, response.location)
    shown = page.partition('<table class="list chosen">')[2]
    assert re.findall(r'<td data-label="([^"]+)"', shown)[:4] == ["Call", "notes", "talk seconds", "agent id"]
    assert "&lt;script&gt;1" in shown and "7 s" in shown and "Priya" in shown and f'href="/calls/{row.id}"' in shown
    assert "Columns: 8 columns chosen" in page and page.count(" checked") == 8
    assert "<code>GET /api/v1/outcomes</code>" in page  # which has no columns
    wrong = reader.get("/calls?columns=secret")
    assert wrong.status_code == 422 and "There is no column" in wrong.get_data(as_text=True)


def test_files_hold_what_is_listed(reader, database):
    with database.write() as session:
        for minute in range(3):
            at = factories.NOON + timedelta(minutes=minute)
            factories.outcome(session, customer_number=f"+91980000000{minute}", flags=["sale"], started_at=at)
        factories.outcome(session, customer_number="+919800000009")
    reader.client.set_cookie(zones.COOKIE, "Asia/Kolkata")
    page = text(reader, "/calls?flag=sale&limit=2&order=started_at&columns=customer_number,occurred_at")
    assert page.count("data-key=") == 2
    links = {name: html.unescape(link) for link, name in re.findall(r'class="button" href="([^"]+)">([^<]+)', page)}

    files = {name: reader.get(link) for name, link in links.items()}

    assert [file.status_code for file in files.values()] == [200, 200, 200]
    assert all(file.headers["Content-Disposition"].startswith("attachment") for file in files.values())
    plain = files["CSV"].get_data(as_text=True).splitlines()
    assert plain[:2] == ["customer_number,occurred_at", "+919800000000,2026-11-18T12:00:00.000000Z"] and len(plain) == 4
    for_people = files["CSV for spreadsheets"].get_data(as_text=True)
    assert "2026-11-18 17:30:00" in for_people and len(for_people.splitlines()) == 4
    assert files["XLSX"].data.startswith(b"PK")


def test_a_file_of_an_opened_figure_holds_its_row(reader, database):
    with database.write() as session:
        for at in (factories.NOON - timedelta(hours=13), factories.NOON):
            factories.outcome(session, started_at=at)
    reader.client.set_cookie(zones.COOKIE, "Pacific/Kiritimati")  # whose day is another one
    page = text(reader, "/calls?figure=connect_rate.connected&day=2026-11-18&columns=occurred_at")
    assert page.count("data-key=") == 1
    (link,) = re.findall(r'class="button" href="([^"]+)">CSV<', page)
    held = reader.get(html.unescape(link)).get_data(as_text=True)
    assert held.splitlines() == ["occurred_at", "2026-11-18T12:00:00.000000Z"]


def test_a_file_that_cannot_be_made_is_a_page_that_says_why(reader):
    for query in ("", "format=pdf", "format=csv&flag=nonsense", "format=csv&limit=3", "format=csv&columns=x"):
        response = reader.get(f"/calls/export?{query}")
        assert response.status_code == 422, query
        assert "Not understood" in response.get_data(as_text=True)


def test_a_file_needs_a_session(stranger):
    assert stranger.get("/calls/export?format=csv").location.startswith("/login?next=")


def test_the_form_offers_the_campaigns_that_there_are_calls_of(reader, database):
    with database.write() as session:
        factories.outcome(session, campaign_id="6541", campaign_name='<b>"Renewals"</b>')
        factories.outcome(session, connection="qvoice-main", campaign_id="77", campaign_name=None)
        factories.outcome(session, connection="voipex-prague", campaign_id=None, campaign_name="Praha")
    renewals = "&lt;b&gt;&#34;Renewals&#34;&lt;/b&gt;"

    def offered(path):
        page = text(reader, path)
        assert 'name="campaign_id" list="campaign-ids"' in page
        (ids,) = re.findall('<datalist id="campaign-ids">(.*?)</datalist>', page)
        return re.findall(r'<option value="([^"]+)">([^<]+· )?(ryng-main|qvoice-main)</option>', ids)

    for path in ("/calls", "/reports/attempts?tz=UTC"):
        assert offered(path) == [("77", "", "qvoice-main"), ("6541", f"{renewals} · ", "ryng-main")]
    assert offered("/calls?connection=qvoice-main") == [("77", "", "qvoice-main")]
    assert offered("/calls?connection=gone") == offered("/calls?until=2020-01-01T00:00:00Z") == []
    names = re.search('<datalist id="campaign-names">(.*?)</datalist>', text(reader, "/calls"))[1]
    assert names == f'<option value="{renewals}"></option><option value="Praha"></option>'
    with database.write() as session:
        factories.load(session, ["accepted"], campaign="456", connection="qvoice-main")
    page = text(reader, "/reports/penetration?tz=UTC&group_by=campaign")
    assert '<option value="456">qvoice-main</option>' in page and "6541" not in page
