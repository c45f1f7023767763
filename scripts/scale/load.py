"""StackState's callers, seen from outside: a few connections that are kept, each asking one question
after the other, until they are told to stop.

    load.py PORT KEY BODY STOP     BODY and STOP are files; it ends when STOP is there

Prints how many were answered; fails when one was not, or not as ever.
"""

import http.client
import sys
import threading
import time
from pathlib import Path

PORT, KEY, BODY, STOP = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_bytes(), Path(sys.argv[4])
CALLERS = 6
# Far under what a core answers: the question is what is lost, not how much fits.
PAUSE = 0.02

good, bad = [], []


def call(connection: http.client.HTTPConnection) -> None:
    connection.request("POST", "/api/metric", BODY, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    is_good = (
        answer.status == 200
        and answer.headers["X-Mirror-Api-Key"] == KEY
        and b'"points":[[' in text
    )
    (good if is_good else bad).append(f"{answer.status} {text[:200]!r}")


def caller() -> None:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    while not STOP.exists():
        try:
            call(connection)
        except (OSError, http.client.HTTPException) as error:
            bad.append(repr(error))
            connection.close()
        time.sleep(PAUSE)


threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{len(good)} answered, {len(bad)} not")
for text in bad[:5]:
    print(text)
sys.exit(bool(bad))
