"""A forward proxy: tunnels by CONNECT, and whole requests in absolute form.

`seen` tells of each what was asked for and by whom; of a tunnel it cannot tell more. With
`credentials` ("user:password") whoever does not prove himself gets a 407.
"""

import base64
import contextlib
import select
import socket
import urllib.parse

import peer


class ForwardProxy(peer.Handler):

    def do_CONNECT(self):
        host, _, port = self.path.rpartition(":")
        if not self._admits():
            return
        with contextlib.closing(socket.create_connection((host.strip("[]"), int(port)), 60)) as far:
            self.send_response_only(200, "Connection established")
            self.end_headers()
            self.wfile.flush()
            self.close_connection = True
            with contextlib.suppress(OSError):
                self._pass_on(far)

    def _pass_on(self, far):
        near = self.connection
        while True:
            ready, _, _ = select.select([near, far], [], [], 60)
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                (far if source is near else near).sendall(data)
            if not ready:
                return

    def answer(self, body):
        if not self._admits():
            return
        parts = urllib.parse.urlsplit(self.path)
        # A request that does not say where it goes was not meant for a proxy.
        if parts.scheme != "http":
            self.send(400)
            return
        self.path = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
        self.relay(f"http://{parts.netloc}", body, drop={"proxy-authorization"})

    def _admits(self):
        kind, _, encoded = self.headers.get("Proxy-Authorization", "").partition(" ")
        shown = base64.b64decode(encoded).decode() if kind.lower() == "basic" else None
        admits = self.state.credentials in (None, shown)
        target = self.path if self.command == "CONNECT" else urllib.parse.urlsplit(self.path).netloc
        self.state.note(method=self.command, target=target,
                        user=shown and shown.partition(":")[0],
                        authorization="Authorization" in self.headers, admitted=admits)
        if not admits:
            self.send(407, Proxy_Authenticate="Basic")
        return admits


if __name__ == "__main__":
    peer.serve(ForwardProxy, peer.State(credentials=None))
