"""A lead as it would be sent, or the field for which it is refused."""

import pytest

from dialers.base import Connection
from dialers.giving import Order, Refused
from dialers.jaicp.leads import LEADS
from tests.dialers.jaicp.account import TOKENS

JAICP = Connection("jaicp-bot", "jaicp", settings={"campaigns": TOKENS})


def shown(*leads, connection=JAICP, **options):
    order = Order("renewals", None, LEADS.options().load(options), leads, "key")
    return LEADS.shown(connection, order)


def item(one, **options):
    return shown(one, **options)["body"][0]


def refused(one, campaign="renewals", **options) -> str:
    """The field that is refused."""
    with pytest.raises(Refused) as caught:
        LEADS.check(JAICP, campaign, one, LEADS.options().load(options))
    return caught.value.field
