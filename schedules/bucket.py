"""An object in an S3-compatible bucket: one signed PUT, whose key names the moment, so that one more of it changes nothing."""

import hashlib
import re
from datetime import datetime
from typing import BinaryIO

from lib.http import exchange
from lib.http.errors import AskedWrongly, CredentialsRefused, Unavailable, Uncertain
from lib.http.exchange import Answer, Http, Patience, host_of
from schedules import signing
from schedules.settings import Bucket

_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")
# Said with a 403 as well, and no matter of credentials.
_FULL = ("QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull", "InsufficientStorage")


def put(bucket: Bucket, key: str, body: BinaryIO, content_type: str, at: datetime) -> str:
    """Put it there; its address, as ``s3://bucket/key``. Raises ExchangeError; Uncertain where it may be there all the same."""
    url = f"{bucket.endpoint.rstrip('/')}/{bucket.bucket}/{key}"
    body.seek(0)
    digest = hashlib.file_digest(body, "sha256").hexdigest()  # type: ignore[arg-type]  # any file that can be read
    body.seek(0)
    signed = signing.headers("PUT", url, digest, at, bucket.access_key, bucket.secret_key, bucket.region)
    http = Http(Patience(read=bucket.seconds, whole=bucket.seconds), bucket.ca_file)
    what = f"PUT {bucket.bucket}/{key}"
    headers = {**signed, "Content-Type": content_type}
    answer = http.exchange("PUT", url, what=what, headers=headers, data=body, alone=True)
    _check(answer, host_of(url), what)
    return f"s3://{bucket.bucket}/{key}"


def _check(answer: Answer, host: str, what: str) -> None:
    """Raises what any status but a 2xx means. The store's own word stands in the sentence: it says what the status does not."""
    if 200 <= answer.status < 300:
        return
    found = _CODE.search(answer.body)
    code = found[1].decode() if found else ""
    said = f"{host} refused {what} ({' '.join(filter(None, (str(answer.status), code)))})."
    if code in _FULL or answer.status == 507:
        raise Unavailable(f"{said} It is full.")
    if answer.status in (401, 403):
        raise CredentialsRefused(f"{said} Check the keys, and what they allow.")
    if answer.status in (408, 425, 429, 503):
        raise exchange.cannot_now(answer, host, what)
    if 400 <= answer.status < 500:
        raise AskedWrongly(said)
    raise Uncertain(f"{host} failed to answer {what} ({answer.status}).")
