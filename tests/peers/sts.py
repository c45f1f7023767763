"""moto's STS behind a proxy that records, counts and misbehaves as it is told.

Known source keys are verified with botocore, since moto looks at no signature; a key that is not
known passes while `keys` is empty.
"""

import calendar
import datetime
import html
import logging
import re
import time

import peer
import sigv4
from moto.server import ThreadedMotoServer

ERROR = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>\
<Code>{code}</Code><Message>{message}</Message></Error><RequestId>a-request-id</RequestId></ErrorResponse>"""
SKEWED = "Signature expired: {stamp} is now earlier than {now} ({now} - 5 min.)"
STATUS = {"InternalFailure": 500, "ServiceUnavailable": 503, "ValidationError": 400,
          "ExpiredToken": 400, "ExpiredTokenException": 400, "InvalidIdentityToken": 400}


class Refusal(Exception):
    """A code of STS."""


class Sts(peer.Handler):
    moto = ""
    issued = {}

    def shown(self):
        sessions = list(self.issued.values())
        given = [session[name] for session in sessions for name in ("secret", "token")]
        return super().shown() | {"issued": self.issued, "secrets": given}

    def answer(self, body):
        parameters = self.parameters(body)
        claim = sigv4.Claim(self.headers)
        shown = {name: value for name, value in parameters.items() if name != "WebIdentityToken"}
        fact = self.state.note(
            action=parameters.get("Action"), at=time.monotonic(), parameters=shown, key=claim.key, region=claim.region,
            web_identity_token=parameters.get("WebIdentityToken"), outcome=None)
        time.sleep(self.state.delay_seconds)
        try:
            self._check(claim, parameters, body)
        except Refusal as refusal:
            fact["outcome"] = refusal.args[0]
            self._refuse(*refusal.args)
            return
        status, headers, answered = self.forward(self.moto, body)
        answered = self._shortened(answered.decode())
        fact["outcome"] = self._issued(answered, parameters) if status == 200 else str(status)
        self.send(status, answered.encode(), Content_Type=headers["Content-Type"])

    def _check(self, claim, parameters, body):
        state = self.state
        if state.take("fail_times"):
            raise Refusal(state.fail_once)
        if state.fail:
            raise Refusal(state.fail)
        role = parameters.get("RoleArn")
        if not claim.is_signed and role in state.web_identity_denied:
            raise Refusal("AccessDenied")
        wanted = state.external_ids.get(role)
        if role in state.failing_roles:
            raise Refusal("InternalFailure")
        if role in state.denied_roles or (wanted and parameters.get("ExternalId") != wanted):
            raise Refusal("AccessDenied", f"User: arn:aws:iam::123456789012:user/test is not "
                          f"authorized to perform: sts:AssumeRole on resource: {role}")
        if int(parameters.get("DurationSeconds", 0)) > state.longest_seconds:
            raise Refusal("ValidationError", "The requested DurationSeconds exceeds the "
                          "MaxSessionDuration set for this role.")
        if claim.is_signed:
            self._verify(claim, body)

    def _verify(self, claim, body):
        known = self.state.keys.get(claim.key) or self.issued.get(claim.key)
        if known is None:
            if self.state.keys:
                raise Refusal("InvalidClientTokenId")
            return
        skew = datetime.timedelta(seconds=self.state.skew_seconds)
        now = datetime.datetime.now(datetime.timezone.utc) + skew
        if abs((now - claim.signed_at()).total_seconds()) > 300:
            raise Refusal("SignatureDoesNotMatch",
                          SKEWED.format(stamp=claim.stamp, now=now.strftime(sigv4.STAMP)))
        signature = claim.recomputed(
            known["secret"], self.command, self.path, self.headers, body)[-1]
        if known.get("token") != claim.token:
            raise Refusal("InvalidClientTokenId")
        if not claim.agrees(signature):
            raise Refusal("SignatureDoesNotMatch")

    def _shortened(self, xml):
        """The same answer with another `Expiration`, where one is set."""
        if self.state.expires_in_seconds is None:
            return xml
        at = time.gmtime(time.time() + self.state.expires_in_seconds)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", at)
        return re.sub("<Expiration>.*?</Expiration>", f"<Expiration>{stamp}</Expiration>", xml)

    def _issued(self, xml, parameters):
        """Notes the session for who checks signatures; its key id is the outcome."""
        def part(name):
            found = re.search(f"<{name}>(.*?)</{name}>", xml, re.DOTALL)
            return found and found[1]
        key = part("AccessKeyId")
        if key:
            names = ("RoleArn", "RoleSessionName", "ExternalId")
            expires = time.strptime(part("Expiration")[:19], "%Y-%m-%dT%H:%M:%S")
            self.issued[key] = {
                "expires": calendar.timegm(expires),
                "secret": part("SecretAccessKey"), "token": part("SessionToken"),
                "name": " ".join(parameters[name] for name in names if name in parameters)}
        return key

    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + self.state.skew_seconds)

    def _refuse(self, code, message="told to"):
        body = ERROR.format(code=code, message=html.escape(message))
        self.send(STATUS.get(code, 403), body.encode(), Content_Type="text/xml")


if __name__ == "__main__":
    logging.getLogger("werkzeug").disabled = True
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    Sts.moto = "http://{}:{}".format(*moto.get_host_and_port())
    peer.serve(Sts, peer.State(
        keys={},                    # key id: {"secret", "token"?}; empty lets any key pass
        delay_seconds=0, skew_seconds=0,
        expires_in_seconds=None,    # overrides what moto gives
        longest_seconds=43200,      # longer ones are a ValidationError
        fail=None,                  # a code: every call fails with it
        fail_once="InvalidClientTokenId", fail_times=0,
        failing_roles=[], denied_roles=[], web_identity_denied=[],
        external_ids={}))           # role ARN: the external id that its trust policy wants
