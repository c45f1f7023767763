"""Every JSON block of the README, tried on a running mirror.

A comment before a block says what it is: <!-- details -->, <!-- request PATH -->, or
<!-- answer --> to the request before it. Addresses become BACKEND and times become the last
minutes; everything else is sent as it stands. A block without such a comment fails.
"""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request

BACKEND = os.environ["BACKEND"]
MIRROR = os.environ["MIRROR"]
BLOCK = re.compile(r"(?:<!-- ([^\n]+?) -->\n)?```json\n(.*?)```", re.S)


def ask(path, body):
    data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(MIRROR + path, data)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as failure:
        return failure.code, json.load(failure)


def ours(details):
    """The same details, with our backend's address in the same dialect."""
    if "host" in details:
        host, port = BACKEND.removeprefix("http://").split(":")
        return details | {"host": host, "port": int(port)}
    return details | {"url": BACKEND}


def recent(query):
    """The same span and bucket phase, moved so that it ends now."""
    moved = dict(query)
    if query.get("endTime"):
        now = int(time.time() * 1000)
        moved |= {"startTime": now - (query["endTime"] - query["startTime"]), "endTime": now}
    return moved


def shape(value):
    """Names and kinds; of a list only its first member."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value[:1]]
    return "number" if type(value) in (int, float) else type(value).__name__


def main(path):
    answer, tried = None, 0
    for label, text in BLOCK.findall(open(path, encoding="utf-8").read()):
        value = json.loads(text)
        kind, _, where = label.partition(" ")
        if kind == "details":
            _, answer = ask("/api/connection", {"connectionDetails": ours(value)})
            assert answer["status"] == "OK", (text, answer)
        elif kind == "request":
            request = value | {"connectionDetails": ours(value["connectionDetails"])}
            if "query" in request:
                request["query"] = recent(request["query"])
            status, answer = ask(where, request)
            assert status == 200, (text, answer)
        elif kind == "answer":
            assert shape(value) == shape(answer), (text, answer)
        else:
            raise AssertionError(f"{path}: a JSON block says not what it is:\n{text}")
        tried += 1
    print(f"    {tried} JSON blocks of {path} hold")


main(sys.argv[1])
