"""A backend on loopback that is as slow, silent or rude as its URL says, and that notes when.

    backend.py PORT

    /well/…          a list, at once
    /delay-50/…      the same after 50 ms
    /silent/…        nothing, ever
    /hang/…          a part of the body, and then nothing
    /drip/…          the body a byte at a time
    /close/…         the end of the connection instead of an answer
    /429/…           that status
    /note            what came in and what was left since the last /note, as JSON
    /be/MODE/…       from now on what would be /switch/… is MODE

A second port, one higher, takes connections and says nothing: for TLS that hangs.
"""

import asyncio
import json
import sys
import time

LIST = json.dumps({"status": "success", "data": ["a" * 500]}).encode()
HEAD = b"HTTP/1.1 %d x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
# Nobody lives to see what comes after it.
EVER = 3_600

calls, left = [], []
switch = "well"


async def request(reader):
    """The path of the next request, without its body; None at the end."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = 0
        for line in head.split("\r\n"):
            if line.lower().startswith("content-length:"):
                length = int(line.split(":")[1])
        await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return head.split(" ", 2)[1]


async def gone(reader):
    """Ends when the caller has left, and notes when that was."""
    try:
        while await reader.read(4_096):
            pass
    except ConnectionError:
        pass
    left.append(time.monotonic())


async def answer(mode, reader, writer):
    """Whether the connection goes on."""
    if mode.startswith("delay-"):
        await asyncio.sleep(int(mode.removeprefix("delay-")) / 1_000)
    elif mode == "close":
        return False
    elif mode == "silent":
        await gone(reader)
        return False
    elif mode == "hang":
        writer.write(HEAD % (200, len(LIST)) + LIST[:100])
        await gone(reader)
        return False
    elif mode == "drip":
        writer.write(HEAD % (200, len(LIST)))
        for byte in LIST:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
        return True
    if mode == "429":
        writer.write(HEAD % (429, 0))
    else:
        writer.write(HEAD % (200, len(LIST)) + LIST)
    return True


async def serve(reader, writer):
    global switch
    try:
        while path := await request(reader):
            mode = path.split("/")[1]
            if mode == "note":
                text = json.dumps({"calls": calls, "left": left}).encode()
                calls.clear(), left.clear()
                writer.write(HEAD % (200, len(text)) + text)
                continue
            if mode == "be":
                switch = path.split("/")[2]
                writer.write(HEAD % (200, 0))
                continue
            calls.append((time.monotonic(), path))
            mode = switch if mode == "switch" else mode
            if not await answer(mode, reader, writer):
                return
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def silent(reader, writer):
    await gone(reader)
    writer.close()


async def main():
    port = int(sys.argv[1])
    await asyncio.start_server(serve, "127.0.0.1", port, backlog=1_024)
    await asyncio.start_server(silent, "127.0.0.1", port + 1, backlog=1_024)
    await asyncio.sleep(EVER)


asyncio.run(main())
