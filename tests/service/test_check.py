"""``wrapup check`` beside a running server: a callback of its own goes the way of the dialer's, and says nothing of a call."""

import pytest
import requests
from sqlalchemy import select

from models import Receipt
from models.database import Database
from rig.waiting import until
from tests.conftest import empty_database
from tests.server import serving


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checked")
    with empty_database(request, folder, request.param) as url, serving(folder, url) as running:
        yield running


@pytest.fixture
def wrapup(commands, served):
    return lambda *words: commands.run(*words, cwd=served.folder, env=served.environ)


def test_the_callback_of_a_check_arrives_and_says_nothing(served, wrapup):
    done = wrapup("check", "ryng")
    said = done.stdout.splitlines()
    assert f"ok   callback URL: A callback posted to {served.url[7:]} was answered 200 and is in this database." in said
    assert f"no   public address: The callback URLs are of {served.url[7:]}, which no dialer outside can reach." in said
    assert done.returncode == 1
    database = Database(served.environ["WRAPUP_DATABASE_URL"])

    def read():
        with database.read() as session:
            (found,) = session.scalars(select(Receipt).where(Receipt.kind == "check"))
            return found if found.state != "pending" else None

    receipt = until(read, 20)
    assert (receipt.state, receipt.reason, receipt.stranger) == ("ignored", "check", False)
    database.close()
    (connection,) = served.get("/api/v1/connections").json()["connections"]
    assert connection["last_callback_at"] is None  # the dialer itself has said nothing yet
    assert served.callback("terminal").split("/")[-2] not in done.stdout + done.stderr


def test_the_same_over_the_api_needs_admin(served, wrapup):
    url = served.url + "/api/v1/connections/{}/check"
    headers = {"Authorization": f"Bearer {served.key}"}
    answer = requests.post(url.format("ryng"), headers=headers, timeout=60)
    assert answer.status_code == 200
    found = {one["what"]: one for one in answer.json()["checks"]}
    assert (found["callback URL"]["ok"], found["public address"]["ok"]) == (True, False)
    assert requests.post(url.format("nobody"), headers=headers, timeout=60).status_code == 404
    reader = wrapup("keys", "create", "reader", "--scope", "read").stdout.splitlines()[-1]
    refused = requests.post(url.format("ryng"), headers={"Authorization": f"Bearer {reader}"}, timeout=60)
    assert refused.status_code == 403


def test_a_connection_that_there_is_not(wrapup):
    done = wrapup("check", "nobody")
    assert (done.returncode, "There is no connection 'nobody'. The settings have: " in done.stderr) == (2, True)
