"""On SQLite, which has one writer, one destination at a time waits for it, and leaves it to others as long as it had it."""

import threading
import time

from crm import sharing
from models.database import Database


def test_one_destination_at_a_time_waits_for_the_writer(database):
    inside, most, lock = 0, 0, threading.Lock()

    def writes():
        nonlocal inside, most
        with sharing.write(database):
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=writes) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1 if database.is_sqlite else most > 1


def test_it_is_left_to_others_for_as_long_as_it_was_held(sqlite_url):
    database = Database(sqlite_url)
    began = time.monotonic()
    with sharing.write(database):
        time.sleep(0.1)
    assert time.monotonic() - began >= 0.2
    database.close()


def test_a_little_is_written_at_once_where_there_is_one_writer(database):
    assert sharing.most(database, 200) == (sharing.MOST if database.is_sqlite else 200)
    assert sharing.most(database, 1) == 1
