"""Amazon Managed Prometheus as far as it guards its door: a signature check before a real Prometheus.

    sigv4_proxy.py PROMETHEUS_URL [STS_PEER_URL]

Sessions that the STS peer gave out are known here too; `seen` names their role, so that a test can
tell which identity signed. The error shapes are those that AMP was reported to use.
"""

import datetime
import email.utils
import json
import sys
import time
import urllib.parse
import urllib.request

import peer
import sigv4

ACTIONS = {"query": "QueryMetrics", "query_range": "QueryMetrics", "series": "GetSeries",
           "labels": "GetLabels", "values": "GetLabels", "metadata": "GetMetricMetadata"}
MISMATCH = """The request signature we calculated does not match the signature you provided. \
Check your AWS Secret Access Key and signing method. Consult the service documentation for details.

The Canonical String for this request should have been
'{canonical}'

The String-to-Sign should have been
'{string}'
"""


class Refusal(Exception):
    """An answer in one of AMP's shapes."""

    def __init__(self, status, kind, message):
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


class Amp(peer.Handler):
    prometheus = sts = ""
    known = {}

    def answer(self, body):
        claim = sigv4.Claim(self.headers)
        fact = self.state.note(
            key=claim.key, identity=None, region=claim.region, service=claim.service,
            signed=claim.signed, has_token=claim.token is not None, method=self.command,
            path=self.path, query=self.parameters(body).get("query"),
            tenant=self.headers.get("X-Scope-OrgID"), status=None, refusal=None)
        time.sleep(self.state.delay_seconds)
        if self.state.hop:
            self._pass_a_hop()
        try:
            self._check(claim, body, fact)
        except Refusal as refusal:
            fact["status"], fact["refusal"] = refusal.status, refusal.kind
            self._refuse(refusal)
            return
        fact["status"] = 200
        # What Prometheus sees of the path ends with the workspace.
        self.path = self.path.removeprefix(self.state.prefix)
        self.relay(self.prometheus, body, drop={"authorization", "x-amz-security-token"})

    def _pass_a_hop(self):
        """What load balancers and meshes add and rewrite on the way in."""
        del self.headers["User-Agent"], self.headers["Accept-Encoding"], self.headers["Accept"]
        for name, value in {"User-Agent": "hop/1", "Accept": "*/*", "Via": "1.1 hop",
                            "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https",
                            "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678",
                            "Traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}.items():
            self.headers[name] = value

    def _check(self, claim, body, fact):
        state = self.state
        if not claim.is_signed:
            raise Refusal(403, "MissingAuthenticationToken", "Missing Authentication Token")
        known = self._known(claim.key)
        if known is None or known.get("token") != claim.token:
            raise Refusal(403, "UnrecognizedClientException",
                          "The security token included in the request is invalid.")
        fact["identity"] = known.get("name", claim.key)
        self._check_time(claim)
        canonical, string, signature = claim.recomputed(
            known["secret"], self.command, self.path, self.headers, body)
        if not claim.agrees(signature):
            raise Refusal(403, "InvalidSignatureException",
                          MISMATCH.format(canonical=canonical, string=string))
        if known.get("expires", 9e99) < time.time() or state.take("expire_times"):
            raise Refusal(403, "ExpiredTokenException",
                          "The security token included in the request is expired")
        if state.refuse:
            raise Refusal(*state.refuse)
        action = ACTIONS.get(urllib.parse.urlsplit(self.path).path.rsplit("/", 1)[-1])
        if action in state.denied:
            raise Refusal(403, "AccessDeniedException", (
                f"User: {fact['identity']} is not authorized to perform: aps:{action} on resource: "
                "arn:aws:aps:eu-west-1:123456789012:workspace/ws-test because no identity-based "
                f"policy allows the aps:{action} action"))

    def _check_time(self, claim):
        late = (self._now() - claim.signed_at()).total_seconds()
        now, tolerance = self._now().strftime(sigv4.STAMP), self.state.tolerance_seconds
        if abs(late) <= tolerance:
            return
        what = (f"Signature expired: {claim.stamp} is now earlier than {now}" if late > 0 else
                f"Signature not yet current: {claim.stamp} is still later than {now}")
        raise Refusal(self.state.expired_status, "InvalidSignatureException",
                      f"{what} ({now} -/+ {tolerance / 60:g} min.)")

    def _known(self, key):
        """The secret, the token and the name behind a key id."""
        given = self.state.keys.get(key)
        if given or not self.sts:
            return given
        if key not in self.known:
            with urllib.request.urlopen(f"{self.sts}/_control") as answer:
                self.known.update(json.load(answer)["issued"])
        return self.known.get(key)

    def _now(self):
        skew = datetime.timedelta(seconds=self.state.skew_seconds)
        return datetime.datetime.now(datetime.timezone.utc) + skew

    def date_time_string(self, timestamp=None):
        """The `Date` of what is answered here: by the clock that is wrong."""
        return email.utils.format_datetime(self._now(), usegmt=True)

    def _refuse(self, refusal):
        if self.state.shape == "text":
            self.send(refusal.status, refusal.message.encode(), Content_Type="text/plain")
        elif self.state.shape == "code":
            self.json(refusal.status, {"__type": refusal.kind, "message": refusal.message})
        else:
            self.json(refusal.status, {"message": refusal.message},
                      x_amzn_errortype=refusal.kind, x_amzn_requestid="a-request-id")


if __name__ == "__main__":
    Amp.prometheus, Amp.sts = sys.argv[1], (sys.argv[2:] or [""])[0]
    peer.serve(Amp, peer.State(
        keys={},                # key id: {"secret", "token"?, "name"?, "expires"?}
        prefix="",              # cut off the path before it goes on: /workspaces/ws-…
        skew_seconds=0, tolerance_seconds=300, expired_status=403,
        delay_seconds=0, hop=False,
        expire_times=0,         # so many requests find their token expired
        denied=[],              # actions without "aps:"
        refuse=None,            # [status, kind, message] to everything signed well
        shape="header"))        # of refusals: "header", "code" or "text"
