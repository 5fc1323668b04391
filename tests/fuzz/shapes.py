"""Requests that no library would send, each with a name: what strangers, old gateways and attackers make of HTTP.

In each, ``{path}`` stands for the callback's path and query, and ``{body}`` for a body that is to be found again.
"""

import gzip
import struct
import zlib
from dataclasses import dataclass
from functools import cache, reduce

BODY = b'{"callID":"{mark}","callLogID":1,"status":"busy"}'
FRAME = b"POST {path} HTTP/1.1\r\nHost: x\r\n"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Shape:
    """``raw`` is what is sent; ``answers`` how many callbacks it carries, each answered 200, and ``body`` kept once for each.
    ``half``: the sender closes its side after the last byte."""

    raw: bytes
    answers: int = 1
    body: bytes = BODY
    half: bool = False


def filled(shape: Shape, path: str, mark: str) -> tuple[bytes, bytes]:
    """What is sent, and the body that is to be found."""
    body = shape.body.replace(b"{mark}", mark.encode())
    places = {"body": body, "size": b"%x" % len(body), "length": b"%d" % len(body)}
    places |= {"path": f"{path}?shape={mark}".encode(), "query": f"shape={mark}".encode(), "mark": mark.encode()}
    raw = shape.raw
    for name, value in places.items():
        raw = raw.replace(b"{%s}" % name.encode(), value)
    return raw, body


@cache
def bomb(mebibytes: int = 1000) -> bytes:
    """A thousandth of that of gzip: 1,000 MiB are almost 1 MiB. Compressed once, and repeated."""
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(MEBIBYTE)
    piece = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)  # which knows nothing of what was before it
    check = reduce(lambda sum_, _: zlib.crc32(zeros, sum_), range(mebibytes), 0)
    head, end = gzip.compress(b"")[:10], struct.pack("<II", check, mebibytes * MEBIBYTE)
    return head + piece * mebibytes + packer.flush() + end


def sent(body: bytes, *headers: str, line: bytes = b"POST {path} HTTP/1.1") -> Shape:
    """A proper request with an odd body."""
    lines = [line, b"Host: x", *(header.encode("latin-1") for header in headers), b"Content-Length: {length}"]
    return Shape(b"\r\n".join(lines) + b"\r\n\r\n{body}", body=body)


def headed(*lines: bytes, body: bytes = BODY, half: bool = False) -> Shape:
    """A request with odd headers and a length that is right."""
    head = b"".join(line + b"\r\n" for line in lines)
    return Shape(FRAME + head + b"Content-Length: {length}\r\n\r\n{body}", body=body, half=half)


def bare(*lines: bytes, rest: bytes = b"{body}", half: bool = False, body: bytes = BODY) -> Shape:
    """A request with no other length than these headers give."""
    return Shape(FRAME + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + rest, half=half, body=body)


def started(line: bytes, **more) -> Shape:
    """A request with an odd first line."""
    return Shape(line + b"\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}", **more)


CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"{size}\r\n{body}\r\n0\r\n\r\n"
FORM = "multipart/form-data; boundary=b"

BODIES = {
    "nested 100,000 deep": sent(b"[" * 100_000 + b"]" * 100_000),
    "objects 100,000 deep": sent(b'{"callID":' * 100_000),
    "deep within an object": sent(b'{"callID":"deep","x":' + b"[" * 600 + b"]" * 600 + b"}"),
    "repeated and deep": sent(b'{"callID":"rd","x":1,"x":' + b'{"a":' * 400 + b"1" + b"}" * 401),
    "1 MiB of brackets": sent(b"[" * MEBIBYTE),
    "1e400": sent(b'{"callID":1e400,"callLogID":-1e400,"talktime":1e400,"callEnded":1e400}'),
    "5,000 digits": sent(b'{"callID":"d","talktime":' + b"9" * 5000 + b',"callEnded":' + b"9" * 5000 + b"}"),
    "an id of 5,000 digits": sent(b'{"callID":' + b"9" * 5000 + b"}"),
    "a million digits": sent(b'{"callID":' + b"9" * 1_000_000 + b"}"),
    "NaN": sent(b'{"callID":"nan","callLogID":NaN,"talktime":NaN,"callEnded":Infinity,"x":-Infinity}'),
    "surrogates as bytes": sent(b'{"callID":"s1","notes":"\xed\xa0\x80\xed\xbf\xbf"}'),
    "surrogates as escapes": sent(b'{"callID":"s2\\ud800","notes":"\\udfff\\ud800","\\udc00":"\\udc00"}'),
    "NUL bytes": sent(b'\x00{"callID":\x00"n"}\x00'),
    "NUL escapes": sent(b'{"callID":"n\\u0000","notes":"\\u0000","k\\u0000":{"\\u0000":"\\u0000"}}'),
    "UTF-16 with a mark": sent('{"callID":"u16","notes":"ä"}'.encode("utf-16")),
    "UTF-16 without a mark": sent('{"callID":"u16be","notes":"ä"}'.encode("utf-16-be")),
    "UTF-32": sent('{"callID":"u32","notes":"ä"}'.encode("utf-32")),
    "UTF-8 with a mark": sent('{"callID":"u8","notes":"ä"}'.encode("utf-8-sig")),
    "Latin-1": sent('{"callID":"l1","notes":"ä"}'.encode("latin-1"), "Content-Type: application/json; charset=utf-8"),
    "broken UTF-8": sent(b'{"callID":"b8","notes":"\xc3\x28\xf0\x9f"}'),
    "smart quotes": sent("{“callID”: “sq”}".encode()),
    "one byte too many": sent(b"x" * (MEBIBYTE + 1)),
    "3 MiB": sent(b"y" * (3 * MEBIBYTE)),
    "nothing": sent(b""),
    "blanks": sent(b" \r\n\t " * 1000),
    "a web page": sent(b"<html><script>alert(1)</script></html>", "Content-Type: text/html"),
    "multipart": sent(
        b'--b\r\nContent-Disposition: form-data; name="callID"\r\n\r\n1\r\n--b--\r\n', f"Content-Type: {FORM}"
    ),
    "multipart without an end": sent(b'--b\r\nContent-Disposition: form-data; name="x', f"Content-Type: {FORM}"),
    "urlencoded": sent(b"callID=1&a=%00&a=%zz&=&&&", "Content-Type: application/x-www-form-urlencoded"),
    "a form of 100,000 fields": sent(b"a=b&" * 100_000, "Content-Type: application/x-www-form-urlencoded"),
    "gzip that is none": sent(b"no gzip", "Content-Encoding: gzip"),
    "an unknown encoding": sent(b'{"callID":"e"}', "Content-Encoding: br, x-\xff"),
    "times and numbers that overflow": sent(
        b'{"callID":"o","callLogID":9223372036854775808,"callStarted":9223372036854775807,"callEnded":"9999-12-31T23:59:59'
        b'-99:99","talktime":-1,"callDuration":99999999999999999999}'
    ),
    "members in thousands": sent(
        b'{"callID":"m","customFields":{' + b",".join(b'"c%d":"v"' % n for n in range(30_000)) + b"}}"
    ),
    "one member in thousands": sent(b'{"callID":"m2",' + b",".join(b'"notes":"%d"' % n for n in range(30_000)) + b"}"),
    "events in thousands": sent(b'{"callID":"m3",' + b",".join(b'"event":"e%d"' % n for n in range(30_000)) + b"}"),
}

FRAMES = {
    "chunked": bare(CHUNKED, rest=CHUNKS),
    "chunks with extensions and trailers": bare(CHUNKED, rest=b"{size};a=b\r\n{body}\r\n0\r\nX: y\r\n\r\n"),
    "chunks without an end": bare(CHUNKED, rest=b"{size}\r\n{body}\r\n"),
    "chunks that break off": bare(CHUNKED, rest=b"{size}\r\n{body}\r\n5\r\nab", half=True),
    "a chunk size of letters": bare(CHUNKED, rest=b"{size}\r\n{body}\r\nxyz\r\n"),
    "a first chunk size of letters": bare(CHUNKED, rest=b"xyz\r\n{body}\r\n0\r\n\r\n"),
    "a negative chunk size": bare(CHUNKED, rest=b"{size}\r\n{body}\r\n-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size of 17 digits": bare(CHUNKED, rest=b"{size}\r\n{body}\r\nfffffffffffffffff\r\nx"),
    "a chunk size of 100 kB": bare(CHUNKED, rest=b"{size}\r\n{body}\r\n" + b"0" * 100_000),
    "chunks of bare LF": bare(CHUNKED, rest=b"{size}\n{body}\n0\n\n"),
    "Transfer-Encoding twice": bare(CHUNKED, CHUNKED, rest=CHUNKS),
    "xchunked": bare(b"Transfer-Encoding: xchunked", rest=CHUNKS),
    "chunked, identity": bare(b"Transfer-Encoding: chunked, identity", rest=CHUNKS),
    "identity, chunked": bare(b"Transfer-Encoding: identity, chunked", rest=CHUNKS),
    "gzip, chunked": bare(b"Transfer-Encoding: gzip, chunked", rest=CHUNKS),
    "chunked after a tab": bare(b"Transfer-Encoding:\tchunked", rest=CHUNKS),
    "chunked after a vertical tab": bare(b"Transfer-Encoding: \x0bchunked", rest=CHUNKS),
    "chunked before a colon and a blank": bare(b"Transfer-Encoding : chunked", rest=CHUNKS),
    "chunked in HTTP/1.0": Shape(b"POST {path} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS),
    "a length and chunks": headed(CHUNKED),
    "chunks and a length": bare(b"Content-Length: 4", CHUNKED, rest=CHUNKS),
    "two equal lengths": headed(b"Content-Length: {length}"),
    "two lengths": headed(b"Content-Length: 3"),
    "a length with a comma": bare(b"Content-Length: {length}, {length}"),
    "a length with a sign": bare(b"Content-Length: +{length}"),
    "a negative length": bare(b"Content-Length: -1"),
    "a length in words": bare(b"Content-Length: many"),
    "a length of blanks": bare(b"Content-Length:  "),
    "a length in hexadecimal": bare(b"Content-Length: 0x20"),
    "a length in other digits": bare(b"Content-Length: \xd9\xa3"),
    "a length of 5,000 digits": bare(b"Content-Length: " + b"9" * 5000, half=True),
    "a length that is too long": bare(b"Content-Length: 100000", half=True),
    "a length that stalls": bare(b"Content-Length: 100000"),
    "a length that is too short": bare(b"Content-Length: {length}", rest=b"{body}and more"),
    "no length": bare(rest=b"", body=b""),
    "a folded header": headed(b"X-Folded: a\r\n b\r\n\tc"),
    "a folded first header": Shape(b"POST {path} HTTP/1.1\r\n X: y\r\nContent-Length: {length}\r\n\r\n{body}"),
    "bare LF": Shape(b"POST {path} HTTP/1.1\nHost: x\nContent-Length: {length}\n\n{body}"),
    "bare CR": headed(b"X: a\rY: b"),
    "a blank in a header's name": headed(b"Content Type: x"),
    "a blank after a header's name": headed(b"Content-Type : x"),
    "a header without a colon": headed(b"nonsense"),
    "a header without a name": headed(b": x"),
    "NUL in a header": headed(b"X-Nul: a\x00b"),
    "NUL in a header's name": headed(b"X\x00Nul: a"),
    "bytes above 127 in a header": headed(b"User-Agent: \xff\xfe\xc3\xa9"),
    "bytes above 127 in a header's name": headed(b"\xc3\xa4: x"),
    "an underscore in a header's name": headed(b"Content_Type: x", b"X_Forwarded_For: y"),
    "headers of WSGI": headed(b"SCRIPT_NAME: /x", b"PATH_INFO: /y", b"REMOTE_USER: z"),
    "headers of WSGI with hyphens": headed(b"Script-Name: /x", b"Path-Info: /y"),
    "1,000 headers": headed(*(b"X-%d: y" % n for n in range(1000))),
    "a header of 20 kB": headed(b"X: " + b"y" * 20_000),
    "a header of 900 kB": headed(b"X: " + b"y" * 900_000),
    "no Host": Shape(b"POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}"),
    "two Hosts": headed(b"Host: y"),
    "a Host of nonsense": headed(b"Host: \x01/@:99999999"),
    "Expect: 100-continue": headed(b"Expect: 100-continue"),
    "Expect: the impossible": headed(b"Expect: 200-ok"),
    "Upgrade: h2c": headed(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: x"),
    "Upgrade: websocket": headed(b"Connection: upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: x"),
    "Connection: nonsense": headed(b"Connection: \xff, , close, keep-alive"),
    "X-Forwarded-Proto that disagrees": headed(b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off"),
}

LINES = {
    **{
        f"method {method}": started(b"%s {path} HTTP/1.1" % method.encode())
        for method in "GET HEAD PUT PATCH DELETE OPTIONS TRACE CONNECT PROPFIND PRI QUERY post pOsT A M-SEARCH".split()
    },
    "a method of 64 letters": started(b"M" * 64 + b" {path} HTTP/1.1"),
    "a method of symbols": started(b"!#$%&'*+ {path} HTTP/1.1"),
    "a method of brackets": started(b"(POST) {path} HTTP/1.1"),
    "HTTP/1.0": started(b"POST {path} HTTP/1.0"),
    "HTTP/0.9": Shape(b"GET {path}\r\n", body=b"", half=True),
    "HTTP/0.9 with headers": started(b"POST {path}"),
    "HTTP/1.2": started(b"POST {path} HTTP/1.2"),
    "HTTP/2.0": started(b"POST {path} HTTP/2.0"),
    "HTTP/9.9": started(b"POST {path} HTTP/9.9"),
    "HTTP/1": started(b"POST {path} HTTP/1"),
    "HTTP/1.1 and more": started(b"POST {path} HTTP/1.1 x"),
    "http/1.1": started(b"POST {path} http/1.1"),
    "another protocol's name": started(b"POST {path} ICY/1.1"),
    "blanks in the line": started(b"POST   {path}   HTTP/1.1"),
    "tabs in the line": started(b"POST\t{path}\tHTTP/1.1"),
    "a blank in the target": started(b"POST {path}&a b HTTP/1.1"),
    "absolute form": started(b"POST http://x.example:8080{path} HTTP/1.1"),
    "absolute form over TLS": started(b"POST https://x.example{path} HTTP/1.1"),
    "absolute form in capitals": started(b"POST HTTP://X.EXAMPLE{path} HTTP/1.1"),
    "absolute form with a user": started(b"POST http://a:b@x.example{path} HTTP/1.1"),
    "absolute form without a host": started(b"POST http://{path} HTTP/1.1"),
    "a query of 100 kB": started(b"POST {path}&q=" + b"q" * 100_000 + b" HTTP/1.1"),
    "percent nonsense in the query": started(b"POST {path}&%zz%00%ff%u1234%=%25%2 HTTP/1.1"),
    "bytes above 127 in the query": started(b"POST {path}&\xc3\xa9\xff HTTP/1.1"),
    "a fragment": started(b"POST {path}#there HTTP/1.1"),
    "two slashes": started(b"POST /{path} HTTP/1.1"),
    "many slashes": started(b"POST ///////{path} HTTP/1.1"),
    "upwards": started(b"POST /callbacks/..{path} HTTP/1.1"),
    "upwards, out of it": started(b"POST /callbacks/../?{query} HTTP/1.1"),
    "upwards, encoded": started(b"POST /callbacks/%2e%2e/%2e%2e/etc/passwd?{query} HTTP/1.1"),
    "percent nonsense in the path": started(b"POST /callbacks/%00/%zz/%ff%fe/%u0041/%?{query} HTTP/1.1"),
    "bytes above 127 in the path": started(b"POST /callbacks/\xc3\xa9/\xff/x?{query} HTTP/1.1"),
    "a path of 100 kB": started(b"POST /callbacks/" + b"a/" * 50_000 + b"?{query} HTTP/1.1"),
    "a name of 100 kB": started(b"POST /callbacks/" + b"a" * 100_000 + b"/b/c?{query} HTTP/1.1"),
    "line ends before": started(b"\r\n\r\nPOST {path} HTTP/1.1"),
    "pipelined": Shape(sent(BODY).raw * 3, answers=3),
    "pipelined before nonsense": Shape(sent(BODY).raw + b"nonsense\r\n\r\n"),
    "pipelined before a broken one": Shape(sent(BODY).raw + FRAME + b"Content-Length: x\r\n\r\n{body}", answers=2),
    "a request in a request": Shape(
        b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n{body}GET /api/v1/outcomes HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
}

# Plainly no callback: the line is closed, or refused.
STRANGE = {
    "nothing": b"",
    "line ends": b"\r\n" * 100,
    "NULs": bytes(10_000),
    "a TLS hello": bytes.fromhex("160301006d0100006903035f") + bytes(100),
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(50),
    "the PROXY protocol": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    "a line without an end": b"P" * 300_000,
    "bytes of every value": bytes(range(256)) * 20,
    "another host": b"CONNECT x.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "nearly a callback's path": b"POST /callbacks\xa7\xdd/ryng/token/terminal HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "broken and elsewhere": b"POST /api/v1/outcomes HTTP/1.1\r\nContent-Length: x\r\n\r\n",
}
