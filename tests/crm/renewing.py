"""A process that wants a token: ``python -m tests.crm.renewing DATABASE_URL TOKEN_URL`` says that it was given one, and is to be
killed before it can keep it."""

import sys
import time
from datetime import timedelta

import requests

from crm.base import Granted
from crm.tokens import KeptTokens
from lib.http.errors import CredentialsRefused
from models.database import Database

GIVEN = "refresh-0"
SPAN = timedelta(seconds=5)


def kept(database: Database, url: str, dies: bool = False) -> KeptTokens:
    def renew(refresh: str) -> Granted:
        answer = requests.post(url, data=refresh, timeout=10)
        if answer.status_code != 200:
            raise CredentialsRefused("The refresh token is not known.")
        if dies:
            print("granted", flush=True)
            time.sleep(60)
        return Granted(**answer.json())

    return KeptTokens(database, "portal", GIVEN, renew, span=SPAN)


if __name__ == "__main__":
    kept(Database(sys.argv[1]), sys.argv[2], dies=True).token()
