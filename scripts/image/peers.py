"""What the empty root talks to, on loopback: a name server that knows one name, and an HTTPS
backend that answers like an idle Prometheus.

    peers.py NAME PORT CERTIFICATE KEY     until it is ended; says "ready" first
"""

import http.server
import socket
import ssl
import struct
import sys
import threading

NAME, PORT, CERTIFICATE, KEY = sys.argv[1:]
A, IN = 1, 1


def reply(question: bytes) -> bytes:
    """127.0.0.1 for NAME; for its other record types nothing; NXDOMAIN for all else."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode().lower())
        at += 1 + question[at]
    kind, _ = struct.unpack("!HH", question[at + 1 : at + 5])
    is_known = ".".join(labels) == NAME
    has_answer = is_known and kind == A
    flags = 0x8180 if is_known else 0x8183
    head = question[:2] + struct.pack("!5H", flags, 1, has_answer, 0, 0)
    record = struct.pack("!HHHIH4s", 0xC00C, A, IN, 60, 4, socket.inet_aton("127.0.0.1"))
    return head + question[12 : at + 5] + (record if has_answer else b"")


def serve_names(names: socket.socket) -> None:
    while True:
        question, peer = names.recvfrom(512)
        names.sendto(reply(question), peer)


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "buildinfo" in self.path:
            result = b'{"version": "3.5.0"}'
        elif "/query" in self.path:
            result = b'{"resultType": "scalar", "result": [1700000000, "2"]}'
        else:
            result = b'["__name__", "job"]'
        body = b'{"status": "success", "data": ' + result + b"}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        pass


names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 53))
threading.Thread(target=serve_names, args=(names,), daemon=True).start()
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(CERTIFICATE, KEY)
backend = http.server.ThreadingHTTPServer(("127.0.0.1", int(PORT)), Backend)
backend.socket = tls.wrap_socket(backend.socket, server_side=True)
print("ready", flush=True)
backend.serve_forever()
