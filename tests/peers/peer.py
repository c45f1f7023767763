"""What every peer is: a small HTTP server on loopback, and a control endpoint for the test.

A peer prints its port and serves until it is ended. The test speaks to `/_control`:

    GET     what was seen and how the peer is set, as JSON
    PUT     changes settings: {"name": value}
    DELETE  forgets what was seen and goes back to the settings of the start

Secrets are shown nowhere else, and nothing is logged.
"""

import contextlib
import copy
import http.client
import http.server
import json
import threading
import urllib.parse

# What belongs to one connection and must not be passed on by a proxy.
HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
              "proxy-connection", "content-length"}


class State:
    """Settings that the test changes and facts that the peer notes, under one lock."""

    def __init__(self, **settings):
        self.lock = threading.RLock()
        self._defaults = settings
        self.reset()

    def reset(self):
        with self.lock:
            self.settings = copy.deepcopy(self._defaults)
            self.seen = []

    def __getattr__(self, name):
        try:
            return self.settings[name]
        except KeyError:
            raise AttributeError(name) from None

    def note(self, **fact):
        """Remembers the fact, and gives it back so that its end can be added."""
        with self.lock:
            self.seen.append(fact)
            return fact

    def change(self, changes):
        with self.lock:
            unknown = changes.keys() - self.settings.keys()
            if unknown:
                raise ValueError(f"no such settings: {sorted(unknown)}")
            self.settings.update(changes)

    def take(self, name):
        """One of a number of times; false once they are used up."""
        with self.lock:
            left = self.settings[name]
            self.settings[name] = max(left - 1, 0)
            return left > 0


class Handler(http.server.BaseHTTPRequestHandler):
    """One request. A peer overrides `answer`, and `state` on the class."""

    protocol_version = "HTTP/1.1"
    # A client that keeps its connection open without a word is not waited for at the end.
    timeout = 120
    # Head and body leave together; without this each answer waits for a delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    state: State

    def answer(self, body):
        raise NotImplementedError

    def shown(self):
        """What GET /_control tells."""
        return {"settings": self.state.settings, "seen": self.state.seen}

    def log_message(self, *_):
        pass

    def _serve(self):
        body = self._body()
        if self.path != "/_control":
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.answer(body)
            return
        try:
            if self.command == "PUT":
                self.state.change(json.loads(body))
            if self.command == "DELETE":
                self.state.reset()
            with self.state.lock:
                self.json(200, self.shown())
        except ValueError as error:
            self.json(400, {"error": str(error)})

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def parameters(self, body=b""):
        """Query and form as one flat dictionary."""
        query = urllib.parse.urlsplit(self.path).query
        pairs = urllib.parse.parse_qsl(query) + urllib.parse.parse_qsl(body.decode())
        return dict(pairs)

    def send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def json(self, status, value, **headers):
        headers.setdefault("Content_Type", "application/json")
        self.send(status, json.dumps(value).encode(), **headers)

    def forward(self, origin, body, drop=()):
        """Asks the origin the same question; gives back status, headers and body."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(origin).netloc, timeout=60)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in HOP_BY_HOP | {"host"} | set(drop)}
        with contextlib.closing(connection):
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def relay(self, origin, body, drop=()):
        """Passes the question on and the answer back."""
        status, headers, answered = self.forward(origin, body, drop)
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answered)))
        self.end_headers()
        self.wfile.write(answered)
        self.wfile.flush()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # A thousand connections may come at once.
    request_queue_size = 2048

    def handle_error(self, request, client_address):
        """A client that went away is no news."""


def serve(handler, state):
    handler.state = state
    server = Server(("127.0.0.1", 0), handler)
    print(server.server_address[1], flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
