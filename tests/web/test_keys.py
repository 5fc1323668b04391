"""Keys: their owners, ends, networks and last use; made, renewed and revoked over HTTP; and who is signed in."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from lib import clock, ids
from lib.proxies import Proxies
from models import ApiKey, Audit
from models.write_lock import Busy
from service.app import create_app
from tests.web.conftest import client_with, settings_for
from web import keys, sign_ins
from web.auth import API
from web.context import context
from web.keys import BadKey, Limits
from web.sign_ins import Where

URL = f"{API}/keys"


def client_of(app, database, scopes=("read",), **limits):
    client = client_with(app, database, "read")
    with database.write() as session:
        client.key = keys.create_key(session, "limited", scopes, Limits(**limits), ("ryng-main", "qvoice-main"))
    return client


def change(database, **values):
    with database.write() as session:
        session.execute(update(ApiKey).where(ApiKey.name == "limited").values(**values))


def test_an_expired_key_is_refused_with_a_sentence(app, database):
    client = client_of(app, database, expires_at=clock.now() + timedelta(days=1))
    assert client.get(f"{API}/outcomes").status_code == 200
    change(database, expires_at=clock.now() - timedelta(seconds=1))
    refused = client.get(f"{API}/outcomes")
    assert (refused.status_code, refused.json["error_id"]) == (401, "key_expired")
    assert "has expired at" in refused.json["message"]


def test_a_key_is_taken_from_its_networks_alone(database, database_url, tmp_path):
    app = create_app(replace(settings_for(database_url, tmp_path), proxies=Proxies(["127.0.0.1"])))
    # The first as a machine with both kinds of addresses writes IPv4.
    client = client_of(app, database, networks=["::ffff:192.0.2.0/120", "2001:db8::/32"])
    for address, status in (
        ("192.0.2.9", 200),
        ("::ffff:192.0.2.9", 200),
        ("192.0.3.9", 401),
        ("198.51.100.1", 401),
        ("2001:db8::1", 200),
        ("2001:db9::1", 401),
    ):
        answer = client.get(f"{API}/outcomes", environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == status, address
        assert status == 200 or answer.json["error_id"] == "address_refused"
    # What a stranger writes into the header moves nobody into the network.
    forged = {"Authorization": f"Bearer {client.key}", "X-Forwarded-For": "192.0.2.9"}
    answer = client.get(f"{API}/outcomes", headers=forged, environ_overrides={"REMOTE_ADDR": "198.51.100.1"})
    assert answer.status_code == 401
    behind = client.get(f"{API}/outcomes", headers=forged, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})
    assert behind.status_code == 200
    context(app).database.close()


def used(database):
    with database.read() as session:
        return session.execute(select(ApiKey.last_used_at, ApiKey.last_used_from).where(ApiKey.name == "limited")).one()


def test_the_last_use_is_written_once_a_minute(app, database):
    client, last_used = client_of(app, database), context(app).last_used
    begun = clock.now()
    last_used._now = lambda: begun
    client.get(f"{API}/outcomes", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).close()
    assert used(database) == (begun, "192.0.2.1")
    last_used._now = lambda: begun + timedelta(seconds=59)
    client.get(f"{API}/outcomes", environ_overrides={"REMOTE_ADDR": "192.0.2.2"}).close()
    assert used(database) == (begun, "192.0.2.1")
    last_used._now = lambda: begun + timedelta(seconds=61)
    client.get(f"{API}/outcomes", environ_overrides={"REMOTE_ADDR": "192.0.2.3"}).close()
    assert used(database) == (begun + timedelta(seconds=61), "192.0.2.3")


def test_a_last_use_that_cannot_be_written_waits_and_refuses_nobody(app, database, monkeypatch):
    client, own = client_of(app, database), context(app)

    def busy(some):
        raise Busy

    with monkeypatch.context() as patch:
        patch.setattr(own.last_used, "_write", busy)
        answer = client.get(f"{API}/outcomes")
        answer.close()
        assert answer.status_code == 200 and used(database).last_used_at is None
    own.last_used.write()
    assert used(database).last_used_from == "127.0.0.1"


def test_made_listed_renewed_and_revoked(admin, database):
    order = {"name": "Power BI", "scopes": ["read"], "owner": "priya@example.com", "expires_at": "10d"}
    order |= {"connections": ["ryng-main"], "networks": ["10.0.0.0/8", "192.0.2.7"]}
    made = admin.post(URL, json=order)
    assert made.status_code == 201
    key, secret = made.json["key"], made.json["secret"]
    assert (key["state"], key["created_by"], key["networks"]) == (
        "expires_soon",
        "admin",
        ["10.0.0.0/8", "192.0.2.7/32"],
    )
    assert secret.startswith("wk_") and secret not in admin.get(URL).text
    assert [one["name"] for one in admin.get(URL).json["keys"]] == ["admin", "Power BI"]
    renewed = admin.post(f"{URL}/{key['id']}/renew", json={"expires_at": "90d"}).json
    assert renewed["secret"] != secret and renewed["key"]["id"] != key["id"]
    same = ("name", "owner", "scopes", "connections", "networks")
    assert [renewed["key"][name] for name in same] == [key[name] for name in same]
    assert [one["state"] for one in admin.get(URL).json["keys"]] == ["valid", "revoked", "valid"]
    again = admin.post(f"{URL}/{key['id']}/renew", json={})
    assert (again.status_code, again.json["error_id"]) == (409, "cannot_renew")
    assert admin.delete(f"{URL}/{renewed['key']['id']}").json["key"]["state"] == "revoked"
    assert admin.delete(f"{URL}/{ids.new()}").status_code == 404
    with database.read() as session:
        acts = list(session.scalars(select(Audit.act).where(Audit.who == "admin").order_by(Audit.id)))
    assert acts == ["key.create", "key.create", "key.revoke", "key.revoke"]


def test_a_key_that_is_renewed_ends_too_unless_that_is_said(admin):
    def renewed(key, order):
        return admin.post(f"{URL}/{key['id']}/renew", json=order).json["key"]

    def days(key):
        return round((clock.parse(key["expires_at"]) - clock.parse(key["created_at"])).total_seconds() / 86_400)

    key = admin.post(URL, json={"name": "crm", "scopes": ["read"], "expires_at": "90d"}).json["key"]
    key = renewed(key, {})
    assert days(key) == 90
    key = renewed(key, {"expires_at": "10d"})
    assert days(key) == 10
    key = renewed(key, {"expires_at": None})
    assert key["expires_at"] is None and renewed(key, {})["expires_at"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a\nb"),
        ("expires_at", "soon"),
        ("expires_at", "2020-01-01"),
        ("expires_at", "9999d"),
        ("connections", ["nobody"]),
        ("connections", []),
        ("networks", ["10.0.0.0/33"]),
        ("networks", ["10.0.0.1/8"]),
        ("scopes", ["everything"]),
        ("owner", "\x1b[2J"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_at_fault(asking_admin, field, value):
    refused = asking_admin.post(URL, json={"name": "x", "scopes": ["read"]} | {field: value})
    assert refused.status_code == 422 and list(refused.json["details"]) == [field]


def test_a_key_has_an_end_in_days_hours_or_at_a_time():
    assert timedelta(days=89, hours=23) < keys.end_of("90d") - clock.now() <= timedelta(days=90)
    assert keys.end_of("12h") - clock.now() <= timedelta(hours=12)
    assert clock.iso(keys.end_of("2031-01-31")) == "2031-01-31T00:00:00Z"
    with pytest.raises(BadKey, match="no end"):
        keys.end_of("soon")


def begin(database, name: str, address: str) -> str:
    with database.write() as session:
        key = session.scalars(select(ApiKey).where(ApiKey.name == name)).first()
        return sign_ins.begin(session, key, clock.now(), where=Where(address, "Firefox"))


def test_sessions_are_listed_and_ended_ones_own_and_all_by_an_admin(app, admin, reader, database):
    begin(database, "admin", "192.0.2.1")
    mine = begin(database, "read", "192.0.2.2")
    begin(database, "read", "192.0.2.3")
    url = f"{API}/sessions"
    assert {one["address"] for one in reader.get(url).json["sessions"]} == {"192.0.2.2", "192.0.2.3"}
    everybody = admin.get(url).json["sessions"]
    assert [(one["key_name"], one["browser"]) for one in everybody if one["address"] == "192.0.2.1"] == [
        ("admin", "Firefox")
    ]
    of_admin = next(one["id"] for one in everybody if one["key_name"] == "admin")
    own = next(one["id"] for one in everybody if one["address"] == "192.0.2.2")
    assert reader.delete(f"{url}/{of_admin}").status_code == 404
    assert reader.delete(f"{url}/{own}").json == {"ended": 1}
    with database.read() as session:
        assert sign_ins.key_of(session, mine, clock.now()) is None
    assert reader.post(f"{url}/end", json={"everybody": True}).status_code == 403
    assert reader.post(f"{url}/end", json={"everybody": False}).json == {"ended": 1}
    assert admin.post(f"{url}/end", json={"everybody": True}).json == {"ended": 1}
    assert admin.get(url).json == {"sessions": []}


def test_a_session_ends_with_its_key_and_no_later(database):
    soon = clock.now() + timedelta(hours=1)
    with database.write() as session:
        keys.create_key(session, "short", ["read"], Limits(expires_at=soon))
    secret = begin(database, "short", "192.0.2.1")
    with database.read() as session:
        assert sign_ins.key_of(session, secret, soon - timedelta(seconds=1)) is not None
        assert sign_ins.key_of(session, secret, soon + timedelta(seconds=1)) is None
