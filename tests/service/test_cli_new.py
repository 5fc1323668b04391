"""``wrapup leads load --new`` where something is missing: it is named, with what it must be, and nothing is sent."""

import json
from dataclasses import replace

import pytest

from service.app import create_app
from service.cli.group import wrapup
from tests.dialers import lead_cases as cases
from tests.dialers.voipex.stage import OPTIONS
from tests.web.conftest import settings_for
from web.context import context

PERIOD = OPTIONS["activePeriod"]


def without(name):
    return {key: value for key, value in OPTIONS.items() if key != name}


NAMED = [
    # dialer, name, options, what is said
    ("voipex", "R", {}, "options.callerId: is missing: the number that customers see, such as 222333444."),
    ("voipex", "R", without("activePeriod"), "options.activePeriod: is missing: when it calls, such as {"),
    ("voipex", "R", without("ivr"), "options.ivr: is missing: an IVR application's id; GET /api/v1/ivrs/"),
    (
        "voipex",
        "R",
        OPTIONS | {"activePeriod": {**PERIOD, "endTime": "5pm"}},
        "options.activePeriod.endTime: must be a",
    ),
    ("voipex", "R", OPTIONS | {"activePeriod": {"startTime": "09:00"}}, "is missing: the time of day at which calling"),
    ("voipex", "R", OPTIONS | {"endpoint": {"type": "queue"}}, "options.endpoint.queue: is needed where the type"),
    ("voipex", "R", OPTIONS | {"rescheduleRules": [{"status": "RS_BUSY"}]}, "options.rescheduleRules.0."),
    ("voipex", "R", OPTIONS | {"callerid": "1"}, "options.callerid: Unknown field."),
    ("voipex", "", OPTIONS, "name: VoIPEX wants a name for every campaign."),
    ("ryng", "R", {"agentMapping": "global"}, "options.agents: Given with agentMapping global"),
    ("ryng", "R", {"agentMapping": "inline"}, "row 1, agents: With agentMapping inline every lead names its agents"),
    ("ryng", "R", {"form": "csv"}, "options.without_callbacks: A sheet can name no callback URLs"),
    ("ryng", "R", {"kind": "Queue"}, "options.kind: Must be one of: campaign, queue."),
]


@pytest.mark.parametrize(("dialer", "name", "options", "said"), NAMED)
def test_what_is_missing_is_named(dialer, name, options, said, sqlite_url, tmp_path):
    (tmp_path / "list.csv").write_text("number\n+420601000001\n")
    with cases.stage(dialer) as played:
        ours = replace(played.connection, callback_tokens=("token",))
        app = create_app(replace(settings_for(sqlite_url, tmp_path), connections={ours.name: ours}))
        words = ["leads", "load", played.connection.name, name, str(tmp_path / "list.csv"), "--new"]
        done = app.test_cli_runner().invoke(wrapup, [*words, "--options", json.dumps(options)])
        context(app).database.close()
        assert (done.exit_code, played.taken()) == (2, [])
        assert said in done.output, done.output
