"""The peers themselves, driven by botocore and the standard library instead of the mirror.

    .venv/bin/python tests/peers/check.py

A peer that lets everything pass would make every test of the mirror pass as well.
"""

import contextlib
import datetime
import http.client
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.utils import ContainerMetadataFetcher, InstanceMetadataFetcher

HERE = pathlib.Path(__file__).parent
ROLE = "arn:aws:iam::123456789012:role/amp-query"
AWKWARD = r"""sum(m{a="x y+z%20%2B",b='q"\\'}) & 😀 é = # ? /"""


class Echo(http.server.BaseHTTPRequestHandler):
    """In the place of Prometheus: answers with the path and the body it was sent."""

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        answer = json.dumps({"path": self.path, "body": body, "headers": dict(self.headers)})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer.encode())

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Peer:
    def __init__(self, test, script, *arguments):
        child = subprocess.Popen([sys.executable, HERE / script, *arguments],
                                 stdout=subprocess.PIPE, text=True)
        test.addCleanup(child.wait)
        test.addCleanup(child.kill)
        test.addCleanup(child.stdout.close)
        self.url = f"http://127.0.0.1:{child.stdout.readline().strip()}"

    def control(self, method="GET", **settings):
        status, body = ask(f"{self.url}/_control", method, json.dumps(settings).encode())
        assert status == 200, body
        return json.loads(body)

    def set(self, **settings):
        self.control("PUT", **settings)

    def seen(self):
        return self.control()["seen"]


def ask(url, method="GET", body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class Peers(unittest.TestCase):
    def setUp(self):
        echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        self.addCleanup(echo.server_close)
        self.addCleanup(echo.shutdown)
        self.prometheus = f"http://127.0.0.1:{echo.server_address[1]}"


class Signatures(Peers):
    def setUp(self):
        super().setUp()
        self.sts = Peer(self, "sts.py")
        self.amp = Peer(self, "sigv4_proxy.py", self.prometheus, self.sts.url)
        self.amp.set(keys={"AKIATEST": {"secret": "right"}})

    def ask(self, secret="right", key="AKIATEST", token=None, method="POST",
            path="/api/v1/query", spoil=lambda request: None):
        form = urllib.parse.urlencode({"query": AWKWARD}, quote_via=urllib.parse.quote)
        is_post = method == "POST"
        url = f"{self.amp.url}{path}" + ("" if is_post else f"?{form}")
        request = AWSRequest(method, url, data=form if is_post else None)
        if is_post:
            request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        SigV4Auth(Credentials(key, secret, token), "aps", "eu-west-1").add_auth(request)
        spoil(request)
        body = form.encode() if is_post else None
        return ask(request.url, method, body, **dict(request.headers.items()))

    def test_a_good_signature_passes_with_post_and_get(self):
        for method in "POST", "GET":
            status, body = self.ask(method=method)
            self.assertEqual(200, status, body)
            self.assertNotIn("Authorization", json.loads(body)["headers"])
        self.assertEqual(["AKIATEST"] * 2, [fact["identity"] for fact in self.amp.seen()])

    def test_a_path_with_escapes_passes(self):
        status, body = self.ask(method="GET", path="/api/v1/label/U__a%20b%2Bc/values")
        self.assertEqual(200, status, body)

    def test_a_wrong_secret_is_told_the_canonical_request(self):
        status, body = self.ask(secret="wrong")
        self.assertEqual(403, status)
        self.assertIn("Canonical String", body)

    def test_any_change_on_the_way_is_noticed(self):
        def path(request):
            request.url = request.url.replace("/query", "/query_range")
        def date(request):
            stamp = request.headers["X-Amz-Date"]
            other = "1Z" if stamp.endswith("0Z") else "0Z"
            request.headers.replace_header("X-Amz-Date", stamp[:-2] + other)
        def media(request):
            request.headers.replace_header("Content-Type", "text/plain")
        def parameter(request):
            request.url += "?x=1"
        for spoil in path, date, media, parameter:
            with self.subTest(spoil.__name__):
                self.assertEqual(403, self.ask(spoil=spoil)[0])
        with self.subTest("plus for blank"):
            def plus(request):
                request.url = request.url.replace("%20", "+", 1)
            self.assertEqual(403, self.ask(method="GET", spoil=plus)[0])

    def test_a_hop_harms_nothing_that_is_not_signed(self):
        self.amp.set(hop=True)
        self.assertEqual(200, self.ask()[0])
        # botocore itself never signs the user agent, so the claim is put in by hand.
        def agent(request):
            request.headers.replace_header("Authorization", request.headers["Authorization"].replace(
                ";x-amz-date", ";user-agent;x-amz-date"))
        self.assertEqual(403, self.ask(spoil=agent)[0])

    def test_a_skewed_clock_shows_in_the_date(self):
        for skew, text in (900, "Signature expired"), (-900, "not yet current"):
            self.amp.set(skew_seconds=skew)
            status, body = self.ask()
            self.assertEqual((403, True), (status, text in body), body)
        self.amp.set(skew_seconds=240)
        self.assertEqual(200, self.ask()[0])

    def test_refusals_come_as_told(self):
        self.amp.set(expire_times=1, denied=["QueryMetrics"])
        self.assertIn("expired", self.ask()[1])
        self.assertIn("perform: aps:QueryMetrics", self.ask()[1])
        self.amp.set(denied=[], refuse=[429, "ThrottlingException", "Rate exceeded"])
        self.assertEqual((429, '{"message": "Rate exceeded"}'), self.ask())

    def test_a_session_of_the_sts_peer_signs(self):
        credentials = assume(self.sts.url)
        status, body = self.ask(key=credentials["AccessKeyId"], token=credentials["SessionToken"],
                                secret=credentials["SecretAccessKey"])
        self.assertEqual(200, status, body)
        self.assertEqual(f"{ROLE} tester", self.amp.seen()[0]["identity"])
        without = self.ask(key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"])
        self.assertEqual(403, without[0])
        wrong = self.ask(key=credentials["AccessKeyId"], token=credentials["SessionToken"])
        self.assertIn(credentials["SessionToken"], wrong[1])


def client(url, secret="right"):
    session = botocore.session.Session()
    session.set_credentials("AKIATEST", secret)
    return session.create_client("sts", "eu-west-1", endpoint_url=url,
                                 config=Config(retries={"max_attempts": 0}))


def assume(url, secret="right", **parameters):
    parameters = {"RoleArn": ROLE, "RoleSessionName": "tester"} | parameters
    return client(url, secret).assume_role(**parameters)["Credentials"]


class SecurityTokens(Peers):
    def setUp(self):
        super().setUp()
        self.sts = Peer(self, "sts.py")

    def refused(self, code, **parameters):
        with self.assertRaises(ClientError) as caught:
            assume(self.sts.url, **parameters)
        self.assertEqual(code, caught.exception.response["Error"]["Code"])

    def test_calls_are_recorded(self):
        assume(self.sts.url, ExternalId="ext", DurationSeconds=900)
        [fact] = self.sts.seen()
        self.assertEqual(("AssumeRole", "AKIATEST", "ext", "900"), (
            fact["action"], fact["key"], fact["parameters"]["ExternalId"],
            fact["parameters"]["DurationSeconds"]))

    def test_a_web_identity_needs_no_signature(self):
        session = botocore.session.Session()
        sts = session.create_client("sts", "eu-west-1", endpoint_url=self.sts.url)
        found = sts.assume_role_with_web_identity(
            RoleArn=ROLE, RoleSessionName="tester", WebIdentityToken="a-token")
        self.assertIn(found["Credentials"]["AccessKeyId"], self.sts.control()["issued"])
        self.assertEqual("a-token", self.sts.seen()[0]["web_identity_token"])

    def test_known_keys_are_verified(self):
        self.sts.set(keys={"AKIATEST": {"secret": "right"}})
        assume(self.sts.url)
        self.refused("SignatureDoesNotMatch", secret="wrong")
        self.sts.set(keys={"AKIAOTHER": {"secret": "right"}})
        self.refused("InvalidClientTokenId")

    def test_it_refuses_as_told(self):
        self.sts.set(external_ids={ROLE: "right"}, longest_seconds=3600)
        self.refused("AccessDenied")
        self.refused("ValidationError", ExternalId="right", DurationSeconds=7200)
        self.sts.set(fail_times=1)
        self.refused("InvalidClientTokenId", ExternalId="right")
        assume(self.sts.url, ExternalId="right")
        self.sts.set(fail="InternalFailure")
        self.refused("InternalFailure", ExternalId="right")

    def test_expiry_and_clock_are_set(self):
        self.sts.set(expires_in_seconds=20)
        left = assume(self.sts.url)["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
        self.assertTrue(10 < left.total_seconds() < 21, left)
        self.sts.set(keys={"AKIATEST": {"secret": "right"}}, skew_seconds=900)
        self.refused("SignatureDoesNotMatch")


class Tokens(Peers):
    def setUp(self):
        super().setUp()
        self.peer = Peer(self, "oauth2.py", self.prometheus)
        self.peer.set(clients={"mirror": "s3cret"})

    def token(self, **form):
        form = {"grant_type": "client_credentials", "client_id": "mirror"} | form
        status, body = ask(f"{self.peer.url}/token", "POST", urllib.parse.urlencode(form).encode())
        return status, json.loads(body)

    def query(self, token):
        return ask(f"{self.peer.url}/api/v1/query", Authorization=f"Bearer {token}")[0]

    def test_a_token_opens_until_it_is_revoked(self):
        status, token = self.token(client_secret="s3cret")
        self.assertEqual((200, 3600), (status, token["expires_in"]))
        self.assertEqual(200, self.query(token["access_token"]))
        self.peer.set(revoked=1)
        self.assertEqual(401, self.query(token["access_token"]))
        self.assertEqual(401, self.query("made-up"))

    def test_a_client_must_prove_itself_in_the_style_that_is_accepted(self):
        self.assertEqual(400, self.token(client_secret="wrong")[0])
        self.assertEqual(400, self.token()[0])
        self.peer.set(styles=["basic"])
        self.assertEqual(400, self.token(client_secret="s3cret")[0])
        form = b"grant_type=client_credentials"
        basic = ask(f"{self.peer.url}/token", "POST", form,
                    Authorization="Basic bWlycm9yOnMzY3JldA==")
        self.assertEqual(200, basic[0])


class Proxies(Peers):
    def setUp(self):
        super().setUp()
        self.peer = Peer(self, "forward_proxy.py")
        self.place = urllib.parse.urlsplit(self.peer.url)

    def request(self, method="POST", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        client = http.client.HTTPConnection(self.place.netloc)
        with contextlib.closing(client):
            client.request(method, f"{self.prometheus}/a?b=c", b"d", headers)
            answer = client.getresponse()
            return answer.status, answer.read().decode()

    def test_a_whole_request_is_passed_on_without_what_is_the_proxys(self):
        status, body = self.request(Proxy_Authorization="Basic dTpw", Authorization="Bearer t")
        echo = json.loads(body)
        self.assertEqual((200, "/a?b=c", "d"), (status, echo["path"], echo["body"]))
        self.assertNotIn("Proxy-Authorization", echo["headers"])
        seen, = self.peer.seen()
        self.assertEqual(("POST", "u", True), (seen["method"], seen["user"], seen["authorization"]))

    def test_a_tunnel_leads_there(self):
        target = urllib.parse.urlsplit(self.prometheus).netloc
        client = http.client.HTTPConnection(self.place.netloc)
        client.set_tunnel(target)
        with contextlib.closing(client):
            client.request("GET", "/x")
            self.assertEqual("/x", json.loads(client.getresponse().read())["path"])
        self.assertEqual(("CONNECT", target), tuple(self.peer.seen()[0].values())[:2])

    def test_who_must_prove_himself_is_not_let_by_without(self):
        self.peer.set(credentials="u:p")
        self.assertEqual(407, self.request()[0])
        self.assertEqual(407, self.request(Proxy_Authorization="Basic dTp3")[0])
        self.assertEqual(200, self.request(Proxy_Authorization="Basic dTpw")[0])


class Identities(Peers):
    def setUp(self):
        super().setUp()
        self.peer = Peer(self, "identity.py")
        self.peer.set(credentials=["AKIAPOD", "secret", "token"])

    def test_imds_wants_its_session(self):
        fetcher = InstanceMetadataFetcher(base_url=f"{self.peer.url}/")
        self.assertEqual("AKIAPOD", fetcher.retrieve_iam_role_credentials()["access_key"])
        self.assertEqual(401, ask(f"{self.peer.url}/latest/meta-data/")[0])

    def test_the_container_endpoint_wants_the_current_token(self):
        with tempfile.NamedTemporaryFile("w+") as file:
            self.peer.set(token_file=file.name)
            file.write("today")
            file.flush()
            url = f"{self.peer.url}/container/"
            found = ContainerMetadataFetcher().retrieve_full_uri(url, {"Authorization": "today"})
            self.assertEqual("AKIAPOD", found["AccessKeyId"])
            self.assertEqual(401, ask(url, Authorization="yesterday")[0])


if __name__ == "__main__":
    unittest.main()
