"""A list that is opened from a figure about contacts or sales is not called empty where nobody knows what was said."""

import html
import re

import pytest

from tests import factories


def said(browser, path):
    response = browser.get(path)
    assert response.status_code == 200
    return " ".join(html.unescape(re.sub("<[^>]+>", "", response.get_data(as_text=True))).split())


@pytest.mark.parametrize(
    "path, unsure",
    [
        ("/calls?figure=contact_rate.contacts&tz=UTC", True),
        ("/calls?figure=contact_rate.per_call&tz=UTC&connection=ryng-main", True),  # which opens as its numerator
        ("/calls?figure=agents.sales&row=agent:7&tz=UTC", True),
        ("/calls?figure=agents.calls&row=agent:7&tz=UTC", False),
        ("/calls?figure=contact_rate.contacts&tz=UTC&connection=qvoice-main", False),
        ("/calls?tz=UTC", False),
        ("/leads?figure=first_attempt_contact.contacted_first&tz=UTC", True),
        ("/leads?figure=contact_rate.per_lead&tz=UTC", True),
        ("/leads?figure=first_attempt_contact.leads&tz=UTC", False),
        ("/leads?figure=penetration.sold&since=2027-01-01T00:00:00Z&tz=UTC", True),  # when the lead was sent
        ("/leads?figure=penetration.sold&since=2027-01-01T00:00:00Z&tz=UTC&connection=qvoice-main", False),
    ],
)
def test_what_nobody_has_decided_may_belong_there(reader, database, path, unsure):
    with database.write() as session:
        for number in range(3):
            factories.outcome(session, disposition="Zájem", lead_id=f"lead-{number}")
        factories.outcome(session, disposition=None, connection="voipex-main", connect_outcome="connected")
    page = said(reader, path)
    assert ("it is not known what their dispositions mean, or none is ever stated" in page) is unsure
    if unsure:
        assert "what is listed here may not be all." in page
        assert "Of 3 calls on ryng-main, whatever they" in page or "Of 4 calls on ryng-main, voipex-main" in page
