"""What the chart renders, held against the program: `mirror.py PROGRAM`.

Each rendered configuration passes `check-config`, with its Secrets laid out as the pod would see them;
and a mirror with that configuration accepts the Connection Details of the notes, and without their token
does not. Settings that the mirror does not start with are refused by the chart too.
"""

import contextlib
import functools
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import yaml

sys.dont_write_bytecode = True
import agreement  # noqa: E402
from rendering import HELMS, KEY, Rendering, at_once, cases, release  # noqa: E402

PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
MOUNTED = "/etc/prometheus-mirror"


class Pod:
    """The files and the environment of a pod, below a folder."""

    def __init__(self, rendering, folder):
        self.root = pathlib.Path(folder)
        self.rendering = rendering
        spec = rendering.one("Deployment")["spec"]["template"]["spec"]
        volumes = {it["name"]: it for it in spec["volumes"]}
        own = rendering.secrets()
        for mount in spec["containers"][0]["volumeMounts"]:
            secret = volumes[mount["name"]].get("secret")
            if not secret or mount["name"] == "config":
                continue
            held = own.get(secret["secretName"], {})
            for item in secret.get("items") or [{"key": it, "path": it} for it in self.named(mount)]:
                # A Secret of the operator's: long enough for a token and for a key.
                content = held.get(item["key"], f"made-up-{secret['secretName']}-{item['key']}")
                self.write(f"{mount['mountPath']}/{item['path']}", content)
        self.configuration = self.write(
            f"{MOUNTED}/config/config.yaml", rendering.configuration().replace(MOUNTED, self.at(MOUNTED)))
        self.environment = {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"}
        for variable in spec["containers"][0]["env"]:
            self.environment[variable["name"]] = variable.get("value", "made-up")

    def at(self, path):
        return str(self.root / path.removeprefix("/"))

    def named(self, mount):
        """The files of a mount that the settings name."""
        return re.findall(re.escape(mount["mountPath"]) + r"/(\S+)", self.rendering.configuration())

    def write(self, path, content):
        file = pathlib.Path(self.at(path))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(0o440)
        return file

    def run(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], env=self.environment, capture_output=True, text=True)

    @contextlib.contextmanager
    def serving(self):
        """The address of a mirror with this configuration, on loopback."""
        port, admin = free_port(), free_port()
        with open(self.root / "log", "w") as log:
            process = subprocess.Popen(
                [PROGRAM, "serve", f"--config={self.configuration}", "--listen=127.0.0.1",
                 f"--port={port}", f"--admin-port={admin}"],
                env=self.environment, stdout=log, stderr=log)
        try:
            await_ready(process, admin, self.root / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            # Nobody needs its drain.
            process.kill()
            process.wait()

    def details(self):
        """The Connection Details of the notes, with what they leave to the reader filled in."""
        details = json.loads(self.rendering.form()["Connection Details JSON"])
        if "url" in details:
            url = details["url"].replace("http://<prometheus>:9090", "http://127.0.0.1:9")
            details["url"] = url.replace("<name>", "a").replace("<workspace id>", "ws-example")
        if details.get("token", "").startswith("<token of "):
            name = details["token"].removeprefix("<token of ").removesuffix(">")
            settings = yaml.safe_load(self.configuration.read_text())
            caller = next(it for it in settings["callers"] if it["name"] == name)
            details["token"] = pathlib.Path(caller["token_files"][0]).read_text()
        return details


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def await_ready(process, admin, log):
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{admin}/-/ready", timeout=1).read()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def ask(base, details):
    """Status, key header and body of a connection test."""
    body = json.dumps({"_type": "TestConnectionRequest", "connectionDetails": details}).encode()
    request = urllib.request.Request(f"{base}/api/connection", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers.get("x-mirror-api-key"), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("x-mirror-api-key"), error.read().decode()


def every(test):
    """Runs a test for each values file, and goes on after one that fails."""
    @functools.wraps(test)
    def run(self):
        for case, rendering in self.renderings.items():
            with self.subTest(case=case), tempfile.TemporaryDirectory() as folder:
                pod = Pod(rendering, folder)
                test(self, pod, yaml.safe_load(pod.configuration.read_text()))
    return run


def alone(all_settings):
    """Beside no variables."""
    return [(it, {}) for it in all_settings]


class Agreement(unittest.TestCase):
    """What the mirror does not start with the chart refuses, and nothing else."""

    def refusals(self, all_settings):
        """Of each, which come with variables, what the chart and what the mirror say against it; empty if it is accepted."""
        def by_chart(given):
            settings, variables = given
            listed = [{"name": name, "value": value} for name, value in variables.items()]
            values = ["--set-json", f"config={json.dumps(settings)}", "--set-json", f"extraEnv={json.dumps(listed)}"]
            return release(HELMS[-1], "template", [*KEY, *values]).stderr

        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "config.yaml"
            known = {"PATH": os.environ["PATH"], "A_VARIABLE": "0123456789abcdef", "A_DURATION": "2s"}
            for (settings, variables), chart in zip(all_settings, at_once(by_chart, all_settings)):
                file.write_text(json.dumps({"listen": "0.0.0.0", "api_key": "4f0c1f1d9b7e4a55"} | settings))
                done = subprocess.run([PROGRAM, "check-config", "--offline", str(file)], capture_output=True, text=True,
                                      env=known | variables)
                yield (settings, variables), chart, done.stderr if done.returncode else ""

    def test_what_the_mirror_refuses_the_chart_refuses(self):
        for settings, chart, mirror in self.refusals([*alone(agreement.REFUSED), *agreement.REFUSED_BESIDE]):
            with self.subTest(settings):
                self.assertTrue(mirror)
                self.assertTrue(chart)
                self.assertRegex(chart, r"execution error at .*: config\.|at '/config/")

    def test_what_the_mirror_accepts_the_chart_accepts(self):
        for settings, chart, mirror in self.refusals([*alone(agreement.ACCEPTED), *agreement.ACCEPTED_BESIDE]):
            with self.subTest(settings):
                self.assertEqual([mirror, chart], ["", ""])


class Renderings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        renderings = at_once(lambda it: Rendering(HELMS[-1], it), cases().values())
        cls.renderings = dict(zip(cases(), renderings))

    @every
    def test_each_configuration_passes_check_config(self, pod, settings):
        # A certificate cannot be made up with the standard library alone.
        more = ["--offline"] if "tls" in settings else []
        done = pod.run("check-config", *more, str(pod.configuration))
        self.assertEqual(done.returncode, 0, done.stderr)

    @every
    def test_the_details_of_the_notes_are_accepted_and_without_their_token_are_not(self, pod, settings):
        if "tls" in settings:
            return
        # Deadlines of backends that are not there are not what this is about.
        details = pod.details() | {"request_timeout_seconds": 1}
        with pod.serving() as base:
            status, key, body = ask(base, details)
            if "allowed_callers" in settings and "0.0.0.0/0" not in settings["allowed_callers"]:
                self.assertEqual(status, 401, "loopback is not among the allowed callers")
                return
            self.assertEqual(status, 200, body)
            # As the test of a release without named connections asks.
            done = pod.run("health", f"{base}/healthcheck")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(key, pathlib.Path(pod.at(f"{MOUNTED}/api-key/api-key")).read_text())
            for refusal in ("PM-1002", "PM-1008", "PM-6001", "PM-6002", "PM-6004", "PM-6006"):
                self.assertNotIn(refusal, body)
            if "token" in details:
                status, key, _ = ask(base, details | {"token": "another-token-than-that"})
                self.assertEqual([status, key], [401, None])


if __name__ == "__main__":
    unittest.main()
