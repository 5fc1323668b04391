"""A number in wrapup.toml that has to be whole: one with a fraction is refused, and never cut."""

import pytest
from marshmallow import fields

from crm.registry import CRMS
from dialers.registry import DIALERS
from service.settings.connections import ConnectionSchema

SCHEMAS = {
    "any connection": ConnectionSchema,
    **{name: dialer.settings for name, dialer in DIALERS.items()},
    **{name: crm.settings for name, crm in CRMS.items()},
}
WHOLE = [
    (of, name)
    for of, schema in SCHEMAS.items()
    for name, field in schema().fields.items()
    if isinstance(field, fields.Integer)
]


@pytest.mark.parametrize(("of", "name"), WHOLE)
@pytest.mark.parametrize("written", [1.5, 30.0, True])
def test_what_is_not_whole_is_refused(of, name, written):
    assert SCHEMAS[of]().validate({name: written})[name] == ["Not a whole number."]


def test_there_are_some_of_every_dialer_that_is_polled():
    assert {"qvoice", "ringostat", "jaicp", "voipex", "pipedrive", "any connection"} <= {of for of, _ in WHOLE}
