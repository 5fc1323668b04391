"""The pages of a reader who may see some connections alone: nothing of anything else, and no way that ends in a refusal."""

import html
import re

from flask.testing import FlaskClient

from tests import factories
from tests.factories import NOON
from tests.web.pages.conftest import Browser
from tests.web.pages.shown import text
from web import keys
from web.keys import Limits

_HREF = re.compile(r'href="(/[^"#]*)')


def test_nothing_is_shown_or_led_to_that_is_refused(app, database):
    with database.write() as session:
        key = keys.create_key(session, "limited", ["admin"], Limits(connections=["ryng-main"]), ("ryng-main",))
        load = factories.load(session, [{"dialer_id": "77"}])
        said = {"disposition": "Odd", "lead_id": "77", "campaign_id": "456"}
        receipt = factories.receipt(session, body=b'{"callLogID": "%s"}' % (b"1" * 20_000))
        call = factories.outcome(session, **said, started_at=NOON, set_by={"disposition": str(receipt.id)})
        factories.event(session, call, receipt)
        factories.destination(session, "sales")
        refused = {"state": "refused", "reason": "required_field", "answer": "Field X", "record_id": "crm-77"}
        factories.delivery(session, outcome_id=call.id, **refused)
    app.test_client_class = FlaskClient
    browser = Browser(app.test_client(), key)
    assert browser.sign_in().status_code == 303
    for path in ("/calls", "/calls?flag=sale", f"/calls/{call.id}"):
        page = text(browser, path)
        for told in ("crm-77", "Field X", "Written to destinations", "Try again"):
            assert told not in page
        for href in dict.fromkeys(map(html.unescape, _HREF.findall(page))):
            if "export" not in href:
                assert browser.get(href).status_code != 403, (path, href)
    assert str(load.id) in text(browser, f"/calls/{call.id}")
