"""Signature Version 4 as botocore computes it: an implementation that shares nothing with the mirror's.

botocore only signs; so the signature is computed anew over exactly what was received and what the
request says it signed, and the two are compared.
"""

import datetime
import hmac
import re

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

STAMP = "%Y%m%dT%H%M%SZ"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, ?SignedHeaders=(?P<signed>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})")


class Signer(SigV4Auth):
    """Takes what the request says it signed. botocore has a list of its own of what it never signs;
    AWS goes by the request."""

    def headers_to_sign(self, request):
        return request.headers


class Claim:
    """What a request says of its own signature."""

    def __init__(self, headers):
        found = AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
        self.is_signed = bool(found)
        parts = found.groupdict() if found else dict.fromkeys(AUTHORIZATION.groupindex, "")
        self.key, self.date = parts["key"], parts["date"]
        self.region, self.service = parts["region"], parts["service"]
        self.signed = parts["signed"].split(";") if found else []
        self.signature = parts["signature"]
        self.stamp = headers.get("X-Amz-Date", "")
        self.token = headers.get("X-Amz-Security-Token")

    def signed_at(self):
        at = datetime.datetime.strptime(self.stamp, STAMP)
        return at.replace(tzinfo=datetime.timezone.utc)

    def recomputed(self, secret, method, path, headers, body):
        """The canonical request, the string to sign and the signature that belong to it."""
        request = AWSRequest(method, f"http://{headers['Host']}{path}", data=body)
        for name in self.signed:
            for value in headers.get_all(name, []):
                request.headers.add_header(name, value)
        request.context["timestamp"] = self.stamp
        signer = Signer(Credentials(self.key, secret), self.service, self.region)
        canonical = signer.canonical_request(request)
        string = signer.string_to_sign(request, canonical)
        return canonical, string, signer.signature(string, request)

    def agrees(self, signature):
        return hmac.compare_digest(self.signature, signature)
