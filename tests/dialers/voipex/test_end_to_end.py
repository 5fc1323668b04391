"""Both ways, over real HTTP: a campaign is made and started through the API, VoIPEX calls, and each call is one outcome."""

import pytest
import requests

from rig.waiting import until
from sandbox.server import running
from sandbox.voipex.api import TOKEN_PATH, create_app
from sandbox.voipex.dialer import Voipex
from tests.dialers.voipex.stage import OPTIONS
from tests.server import serving

pytestmark = pytest.mark.slow

CONFIG = """
[connections.voipex-prague]
dialer = "voipex"
api_url = "{url}"
auth_url = "{url}{token}"
username = "demo"
password = "demo"
callback_tokens = ["a-token-for-tests"]
webhook_fields = {{ UniqueId = "id", Reason = "why" }}

[words.voipex-prague]
"Call Completed Elsewhere" = "canceled"
"""
EXPECTED = {"answered": "connected", "busy": "busy", "lost": "abandoned", "odd": "canceled", "no_answer": "no_answer"}


def test_from_a_list_of_leads_to_outcomes(tmp_path):
    voipex = Voipex(time_scale=0.01, webhook_fields={"UniqueId": "id", "Reason": "why"})
    with running(create_app(voipex)) as url:
        (tmp_path / "wrapup.toml").write_text(CONFIG.format(url=url, token=TOKEN_PATH))
        with serving(tmp_path, WRAPUP_CONFIG=str(tmp_path / "wrapup.toml")) as served:
            voipex.courier.url = served.callback("event")
            voipex.faults.set({"shuffled": True, "repeated": True})

            def post(path: str, content: dict) -> requests.Response:
                headers = {"Authorization": f"Bearer {served.key}"}
                return requests.post(f"{served.url}/api/v1{path}", json=content, headers=headers, timeout=60)

            leads = [{"number": f"60100000{at}", "reference": f"crm-{at}"} for at in range(len(EXPECTED))]
            made = post("/campaigns/voipex-prague", {"name": "Renewals", "leads": leads, "options": OPTIONS})
            assert made.status_code == 202, made.text
            load = f"/api/v1/loads/{made.json()['load_id']}"
            until(lambda: served.get(load).json()["state"] == "done", 20)
            assert served.get(load).json()["counts"]["accepted"] == len(EXPECTED)

            assert post("/campaigns/voipex-prague/1/leads", {"leads": leads}).status_code == 409
            assert post("/campaigns/voipex-prague/1/control", {"command": "start"}).status_code == 200
            called = {voipex.call(result): outcome for result, outcome in EXPECTED.items()}
            voipex.timetable.drain()
            until(lambda: _seen(served) == called, 20, lambda: _seen(served))
            rows = served.get("/api/v1/outcomes").json()["outcomes"]
            assert {row["customer_number"] for row in rows} == {f"+42060100000{at}" for at in range(len(EXPECTED))}
            assert served.get("/api/v1/ivrs/voipex-prague").status_code == 200
    voipex.close()


def _seen(served) -> dict[str, str]:
    return {row["call_id"]: row["connect_outcome"] for row in served.get("/api/v1/outcomes").json()["outcomes"]}
