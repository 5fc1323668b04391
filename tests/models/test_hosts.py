"""Connections that lead to nobody who writes are left; of several hosts the one that was found last is asked first."""

import socket
from types import SimpleNamespace

import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from models.database import Database
from models.driver import driver_of
from models.errors import said
from models.hosts import PATIENCE, Hosts, is_lost, options_for
from rig.ports import free_port

ASK = text("SELECT pg_backend_pid(), current_setting('transaction_read_only')")
ADD = "INSERT INTO portal_budgets (portal, \"limit\", next_at) VALUES ('a', 'b', now())"
READ_ONLY = "SET SESSION default_transaction_read_only = on"


@pytest.fixture
def postgresql(postgresql_url):
    database = Database(postgresql_url, pool_size=3)
    yield database
    database.close()


def lines(database: Database, many: int = 3) -> list:
    """So many connections, all of them in the pool again; their processes in the server."""
    taken = [database.engine.connect() for _ in range(many)]
    pids = [line.execute(ASK).one()[0] for line in taken]
    for line in taken:
        line.rollback()
        line.close()
    return pids


def demote(database: Database) -> None:
    """Each of its connections as those to a primary that was demoted and stays reachable: it answers, and does not write."""
    taken = [database.engine.connect() for _ in range(3)]
    for line in taken:
        line.exec_driver_sql(READ_ONLY)
        line.commit()
    for line in taken:
        line.close()


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_pooled_connection_whose_server_was_demoted_is_left_before_it_is_used(postgresql, way):
    before = lines(postgresql)
    demote(postgresql)
    for _ in range(3):
        with getattr(postgresql, way)() as session:
            pid, read_only = session.execute(ASK).one()
            assert read_only == "off"
            assert pid not in before


def test_the_whole_pool_is_left_with_the_first_that_finds_nobody_who_writes(postgresql):
    before = lines(postgresql)
    with pytest.raises(DBAPIError, match="read-only transaction"), postgresql.write() as session:
        session.execute(text("SET TRANSACTION READ ONLY"))  # which the server tells nobody
        session.execute(text(ADD))
    assert not set(lines(postgresql)) & set(before)


def test_so_it_is_where_only_the_commit_is_refused(postgresql):
    with postgresql.write() as session:
        session.execute(
            text(
                "CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED);"
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'cannot commit' USING ERRCODE = '25006'; END $$;"
                "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        )
    before = lines(postgresql)
    with pytest.raises(DBAPIError, match="cannot commit"), postgresql.write() as session:
        session.execute(text("INSERT INTO late VALUES (1)"))
    assert not set(lines(postgresql)) & set(before)


def test_so_it_is_where_the_driver_itself_was_at_work(postgresql):
    before = lines(postgresql)
    with pytest.raises(DBAPIError) as raised, postgresql.write() as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        with driver_of(session.connection(), "COPY") as driver:
            driver.execute(ADD)
    assert raised.value.connection_invalidated
    assert not set(lines(postgresql)) & set(before)


def test_another_error_costs_no_connection(postgresql):
    before = lines(postgresql)
    with pytest.raises(DBAPIError), postgresql.write() as session:
        session.execute(text("SELECT nothing FROM nowhere"))
    assert set(lines(postgresql)) == set(before)


def test_where_the_only_server_just_reads_reading_goes_on(postgresql, postgresql_server):
    from tests.databases import administer

    name = postgresql.url.database
    lines(postgresql)
    administer(postgresql_server, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    administer(
        postgresql_server, f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
    )
    for _ in range(2):
        with postgresql.read() as session:
            assert session.execute(ASK).one()[1] == "on"
    with pytest.raises(DBAPIError), postgresql.write() as session:
        session.execute(text(ADD))
    administer(postgresql_server, f"ALTER DATABASE {name} RESET default_transaction_read_only")
    with postgresql.write() as session:  # nobody has begun anew: the refusal alone has emptied the pool
        session.execute(text(ADD))


@pytest.mark.parametrize(
    "error, lost",
    [
        (errors.ReadOnlySqlTransaction(), True),
        (errors.AdminShutdown(), True),
        (errors.CrashShutdown(), True),
        (errors.CannotConnectNow(), True),
        (errors.ConnectionFailure(), True),
        (errors.SqlclientUnableToEstablishSqlconnection(), True),
        (errors.UniqueViolation(), False),
        (errors.QueryCanceled(), False),
        (errors.SerializationFailure(), False),
        (ValueError(), False),
    ],
)
def test_which_errors_say_that_a_connection_is_lost(error, lost):
    assert is_lost(error) == lost


def two(postgresql_url: str, first: str) -> Database:
    """With a host before the real one."""
    url = Database(postgresql_url).url
    place = url.query.get("host") or f"{url.host}:{url.port}"
    return Database(
        url.set(host=None, port=None, query={"host": (first, place), "connect_timeout": "2"}).render_as_string(False)
    )


def test_a_host_that_lets_us_wait_is_asked_once(postgresql_url):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
        silent.settimeout(0.01)
        database = two(postgresql_url, f"127.0.0.1:{silent.getsockname()[1]}")
        for _ in range(3):
            with database.read() as session:
                assert session.execute(ASK).one()[1] == "off"
            database.engine.dispose()
        database.close()
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()


def test_where_no_host_writes_each_is_named(postgresql_url, postgresql_server):
    from tests.databases import administer

    database = two(postgresql_url, f"127.0.0.1:{free_port()}")
    administer(postgresql_server, f"ALTER DATABASE {database.url.database} SET default_transaction_read_only = on")
    with pytest.raises(OperationalError) as raised, database.read() as session:
        session.execute(ASK)
    assert said(raised.value).startswith("No host is read-write: ")
    assert "refused" in said(raised.value) and "read-only" in said(raised.value)
    database.close()


def test_who_was_found_last_is_first_and_who_lets_wait_is_left_alone():
    a, b, c = ("a", ""), ("b", ""), ("c", "")
    dialect = SimpleNamespace(loaded_dbapi=SimpleNamespace(OperationalError=errors.OperationalError))
    hosts = Hosts()
    assert hosts.in_order([a, b, c]) == [a, b, c]
    hosts._note(a, 0.5)
    hosts._note(b, -1.0)
    assert hosts.in_order([a, b, c]) == [b, c, a]
    hosts._note(b, 0.1)
    hosts._note(c, -1.0)
    assert hosts.in_order([a, b, c]) == [c, b, a]
    hosts._note(b, 2.0)
    assert hosts.in_order([a, b, c]) == [c, a]
    assert hosts.in_order([b]) == [b]
    asked = {"host": "a,b", "port": "1,2", "target_session_attrs": "any"}
    assert hosts.connect(dialect, None, [], asked) is None


def test_what_the_url_says_is_as_it_says(postgresql_url):
    url = Database(postgresql_url).url
    assert options_for(url)["connect_args"] == dict(PATIENCE)
    more = url.update_query_dict({"host": ["a:1", "b:2"]})
    assert options_for(more)["connect_args"]["target_session_attrs"] == "read-write"
    said_so = more.update_query_dict({"target_session_attrs": "any", "tcp_user_timeout": "1"})
    assert not options_for(said_so)["connect_args"].keys() & {"target_session_attrs", "tcp_user_timeout"}
