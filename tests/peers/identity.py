"""Where a machine or a pod asks who it is: IMDSv2, and the container endpoint of ECS and of EKS Pod
Identity.

`/latest/…` is IMDSv2. `/container/…` wants what the file `token_file` holds at that moment as
`Authorization`: EKS rotates it, and yesterday's token is refused.
"""

import datetime
import pathlib
import secrets
import time

import peer

ROLE = "instance-role"
LIST = "/latest/meta-data/iam/security-credentials/"


class Identity(peer.Handler):
    session = secrets.token_urlsafe(24)

    def answer(self, body):
        fact = self.state.note(method=self.command, path=self.path, status=200)
        time.sleep(self.state.delay_seconds)
        if self.state.status != 200:
            fact["status"] = self.state.status
            self.send(fact["status"])
        elif self.path.startswith("/container/"):
            fact["status"] = self._container()
        else:
            fact["status"] = self._imds()

    def shown(self):
        return super().shown() | {"secrets": [self.session]}

    def _container(self):
        file = self.state.token_file
        if file and self.headers.get("Authorization") != pathlib.Path(file).read_text():
            return self._say(401, {"code": "InvalidToken", "message": "the token is not current"})
        return self._say(200, self._credentials())

    def _imds(self):
        if self.command == "PUT" and self.path == "/latest/api/token":
            seconds = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "21600")
            self.send(200, self.session.encode(), X_aws_ec2_metadata_token_ttl_seconds=seconds)
            return 200
        if self.headers.get("X-aws-ec2-metadata-token") != self.session:
            self.send(401)
            return 401
        if self.path == LIST:
            self.send(200, ROLE.encode(), Content_Type="text/plain")
            return 200
        if self.path == LIST + ROLE:
            return self._say(200, {"Code": "Success", "Type": "AWS-HMAC"} | self._credentials())
        self.send(404)
        return 404

    def _credentials(self):
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        end = now + datetime.timedelta(seconds=self.state.expires_in_seconds)
        key, secret, token = self.state.credentials
        return {"AccessKeyId": key, "SecretAccessKey": secret, "Token": token,
                "LastUpdated": f"{now:%Y-%m-%dT%H:%M:%SZ}", "Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}"}

    def _say(self, status, value):
        self.json(status, value)
        return status


if __name__ == "__main__":
    peer.serve(Identity, peer.State(
        credentials=["", "", ""],   # key id, secret key, session token
        expires_in_seconds=3600,
        token_file=None,
        status=200, delay_seconds=0))
