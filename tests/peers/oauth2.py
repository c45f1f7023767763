"""A token endpoint, and a bearer check before a real Prometheus, in one peer.

    oauth2.py PROMETHEUS_URL

`/token` grants by client credentials; everything else wants one of the tokens. Tokens are told
apart by their number, which stands in `seen`; `secrets` holds them for who looks for them where
they must not be.
"""

import base64
import binascii
import secrets
import sys
import time
import urllib.parse

import peer


class OAuth2(peer.Handler):
    prometheus = ""
    tokens = {}     # token: (number, end of its life by this clock)

    def answer(self, body):
        if self.path.startswith("/token"):
            self._token(body)
        else:
            self._guard(body)

    def shown(self):
        with self.state.lock:
            return super().shown() | {"secrets": list(self.tokens)}

    def _token(self, body):
        state = self.state
        form = dict(urllib.parse.parse_qsl(body.decode()))
        style, client, secret = self._client(form)
        shown = {name: value for name, value in form.items() if name != "client_secret"}
        fact = state.note(call="token", style=style, client=client, parameters=shown,
                          method=self.command, number=None, status=200)
        time.sleep(state.delay_seconds)
        if state.redirect:
            fact["status"], target = state.redirect
            self.send(fact["status"], Location=target)
        elif state.status != 200:
            fact["status"] = state.status
            self.json(state.status, {"error": "server_error"})
        elif (style not in state.styles or secret != state.clients.get(client)
              or form.get("grant_type") != "client_credentials"):
            # RFC 6749, section 5.2: 401 belongs to the header, 400 serves both.
            fact["status"] = 401 if style == "basic" and state.refuses_with_401 else 400
            self.json(fact["status"], {"error": "invalid_client"})
        else:
            fact["number"], token = self._grant()
            self.json(200, token, Cache_Control="no-store")

    def _client(self, form):
        """How the client proved itself, its id and its secret."""
        kind, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":
            try:
                client, _, secret = base64.b64decode(encoded).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return "basic", None, None
            # Section 2.3.1: both are form-encoded before they become user and password.
            return "basic", urllib.parse.unquote_plus(client), urllib.parse.unquote_plus(secret)
        if "client_secret" in form:
            return "form", form.get("client_id"), form["client_secret"]
        return "none", form.get("client_id"), None

    def _grant(self):
        state = self.state
        with state.lock:
            number, text = len(self.tokens) + 1, secrets.token_urlsafe(24)
            life = state.lives_seconds
            self.tokens[text] = number, time.monotonic() + life
        token = {"access_token": text, "token_type": state.token_type}
        if state.expires_in is not None:
            token["expires_in"] = state.expires_in
        return number, token

    def _guard(self, body):
        _, _, token = self.headers.get("Authorization", "").partition(" ")
        number, end = self.tokens.get(token, (None, 0))
        is_good = number is not None and number > self.state.revoked and time.monotonic() < end
        self.state.note(call="query", number=number, status=200 if is_good else 401,
                        path=self.path)
        if is_good:
            self.relay(self.prometheus, body, drop={"authorization"})
        else:
            self.json(401, {"error": "invalid_token"}, WWW_Authenticate="Bearer")


if __name__ == "__main__":
    OAuth2.prometheus = sys.argv[1]
    peer.serve(OAuth2, peer.State(
        clients={},                     # client id: secret
        styles=["basic", "form"],       # accepted
        refuses_with_401=True,          # a wrong client in the header; otherwise with 400
        status=200, redirect=None,      # [status, target]
        delay_seconds=0,
        expires_in=3600,                # as told; None tells nothing
        lives_seconds=3600,             # as it is
        token_type="Bearer",
        revoked=0))                     # tokens up to this number
