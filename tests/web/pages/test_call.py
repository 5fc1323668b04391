"""The page of one call."""

import html
import re
from datetime import timedelta

from models import Kept
from queries import shape
from tests import factories
from tests.evidence import START, connect, keep, normalize, outcomes, receipt, terminal
from tests.web.pages.shown import text
from web.pages import zones
from web.pages.calls import SECTIONS


def test_every_field_of_an_outcome_has_its_place_on_the_page():
    placed = [name for names in SECTIONS.values() for name in names]

    assert sorted(placed) == sorted(shape.COLUMNS)


def test_a_call_shows_its_fields_its_timeline_and_its_receipts(reader, database):
    first, last = keep(database, receipt(connect(), kind="connect"), receipt(terminal(customerName="Anil")))
    normalize(database)
    (row,) = outcomes(database)

    page = text(reader, f"/calls/{row.id}")

    assert "+919800012345" in page and "Interested" in page and "95 s" in page
    assert "agent answered" in page and "call ended" in page and "disposed" in page
    assert page.index("agent answered") < page.index("call ended")
    assert "callback:terminal" in page
    assert f"/receipts/{first.id}" in page and f"/receipts/{last.id}" in page
    assert "&#34;callLogID&#34;: 49" in page
    # The talk time was said by the second receipt, so its row leads there.
    talk = page[page.index('title="talk_seconds"') :]
    assert 'href="#receipt-2"' in talk[: talk.index("</tr>")]


def test_a_duration_that_nobody_stated_says_where_it_comes_from(reader, database):
    keep(database, receipt(terminal(callDuration=None)))
    normalize(database)
    (row,) = outcomes(database)

    page = text(reader, f"/calls/{row.id}")

    stated, computed = (page[page.index(f'title="{name}"') :] for name in ("talk_source", "duration_source"))
    assert "stated by the dialer" in stated[: stated.index("</tr>")]
    assert "computed from two times that the dialer states" in computed[: computed.index("</tr>")]
    # The receipt of the end is the one to look at.
    seconds = page[page.index('title="duration_seconds"') :]
    assert "120 s" in seconds and 'href="#receipt-1"' in seconds[: seconds.index("</tr>")]
    assert "+914900000000" in page and "asha@example.test" in page


def test_a_correction_is_told(reader, database):
    keep(database, receipt(terminal()))
    normalize(database)
    (row,) = outcomes(database)
    assert "was corrected" not in text(reader, f"/calls/{row.id}")

    keep(database, receipt(terminal(disposition="Not interested"), at=START + timedelta(minutes=3)))
    normalize(database, now=START + timedelta(minutes=3))
    page = text(reader, f"/calls/{row.id}")
    assert "Nothing is waited for. A correction is still possible." in page
    told = page[page.index("It was corrected after it had been settled") :]
    assert "2026-11-18 10:03:00" in told[: told.index("</p>")]


def test_both_clocks_are_shown_in_the_readers_zone(reader, database):
    keep(database, receipt(terminal()))
    normalize(database)
    (row,) = outcomes(database)
    reader.client.set_cookie(zones.COOKIE, "Asia/Kolkata")

    page = text(reader, f"/calls/{row.id}")

    assert "2026-11-18 15:32:00" in page  # the dialer said 10:02:00 UTC
    assert "2026-11-18 15:30:00" in page  # it came at 10:00:00 UTC
    assert "Asia/Kolkata" in page


def test_what_is_waited_for_is_said(reader, database):
    keep(database, receipt(terminal(disposition=None, callDisposed=None)))
    normalize(database)
    (row,) = outcomes(database)

    page = text(reader, f"/calls/{row.id}")

    assert row.settling == "awaiting_disposition"
    assert "no disposition has been recorded yet. Waiting until 2026-11-19 10:00:00 (UTC)." in page


def test_a_call_shows_the_lead_that_it_is_of(reader, database):
    number = {"number": "+919800012345"}
    with database.write() as session:
        load = factories.load(
            session, [number | {"reference": "crm-901", "sent_at": START - timedelta(days=1)}], campaign="24"
        )
    keep(database, receipt(terminal()))
    normalize(database)
    (row,) = outcomes(database)
    page = text(reader, f"/calls/{row.id}")
    assert "crm-901" in page and f"<code>{load.id}</code></a>, found by its number." in page
    assert page.count('title="Taken over from the loaded lead') == 2  # the reference and the campaign

    with database.write() as session:
        factories.load(session, [number | {"reference": "crm-902", "sent_at": START - timedelta(days=1)}])
    page = text(reader, f"/calls/{row.id}")
    assert "2 loaded leads with different references may be meant by its number" in page


def test_a_merged_row_leads_to_the_one_that_stays(reader, database):
    with database.write() as session:
        stays = factories.outcome(session)
        merged = factories.outcome(session, merged_into=stays.id)

    page = text(reader, f"/calls/{merged.id}")

    assert "the same call as another one" in page
    assert f'href="/calls/{stays.id}"' in page
    assert str(merged.id) not in text(reader, "/calls")


def test_a_call_leads_to_the_same_customers_other_calls(reader, database):
    of = {"customer_number": "+919800000001", "lead_id": "L 1", "crm_reference": "crm 1"}
    with database.write() as session:
        row = factories.outcome(session, **of)
        factories.outcome(session, **of | {"lead_id": "2", "connection": "qvoice-main", "dialer": "qvoice"})
        factories.outcome(session, customer_number=None, customer_number_raw="17", lead_id="L 1")
        factories.outcome(session, customer_number="+919800000002")

    page = text(reader, f"/calls/{row.id}")

    links = re.findall(r'<a href="(/calls\?[^"]+)">of this ([^<]+)</a>', page)
    found = {by: text(reader, html.unescape(link)).count("data-key=") for link, by in links}
    assert found == {"number": 2, "lead": 2, "CRM reference": 2}
    listed = text(reader, "/calls")
    assert listed.count('href="/calls?number=%2B919800000001"') == 2 and 'aria-label="All calls with 17"' in listed


def test_a_call_whose_receipts_were_deleted_says_so(reader, database):
    with database.write() as session:
        session.add(Kept(kind="receipts", since=START, deleting=False, rounds=1, deleted=2))
        old, new = (factories.outcome(session, first_seen_at=START + timedelta(days=days)).id for days in (-1, 1))
    said = "Receipts that this row was made of have been deleted for their age."
    assert said in text(reader, f"/calls/{old}") and said not in text(reader, f"/calls/{new}")
