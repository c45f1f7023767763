"""The chart under every Helm of scripts/chart/helm.txt, with every values file of `ci/`.

UPDATE_GOLDEN=1 rewrites charts/tests/golden.
"""

import functools
import json
import os
import pathlib
import re
import shutil
import sys
import tarfile
import tempfile
import unittest

import jsonschema
from kubernetes_validate import utils as kubernetes
import yaml

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts/chart"))
import cluster  # noqa: E402
import readme  # noqa: E402
from rendering import (  # noqa: E402
    CHART, GOLDEN, HELMS, KEY, ROOT, Rendering, all_renderings, at_once, cases, helm, release)
from restricted import violations  # noqa: E402

# Read once and not for each manifest: they are megabytes.
kubernetes.schema_contents = functools.cache(kubernetes.schema_contents)
KUBERNETES = kubernetes.all_versions()
OLDEST, NEWEST = KUBERNETES[0], KUBERNETES[-1]
SCHEMAS = {path.stem: json.loads(path.read_text())
           for path in (ROOT / "tests/chart/schemas").glob("*.json")}
# Values that are wrong, and what the text must name.
REFUSED = [
    ([], "global.apiKey: required"),
    ([*KEY, "--set", "apikey.existingSecret=x"], "apikey"),
    ([*KEY, "--set", "replicaCount=2"], "replicaCount"),
    (["--set", "global.apiKey=unsecure"], "global.apiKey: this is a known default key [PM-5005]"),
    (["--set", "global.apiKey=API_KEY"], "global.apiKey: this is a known default key [PM-5005]"),
    (["--set", "global.apiKey=xxx"], "global.apiKey: this is a known default key [PM-5005]"),
    (["--set", "global.apiKey=schlüssel"], "global.apiKey: must be visible ASCII"),
    ([*KEY, "--set", "apiKey.existingSecret=x"], "global.apiKey: cannot stand beside"),
    ([*KEY, "--set", "port=9901"], "adminPort: must differ from port"),
    ([*KEY, "--set", "port=0"], "port"),
    ([*KEY, "--set", "adminPort=70000"], "adminPort"),
    ([*KEY, "--set", "workers=0"], "workers"),
    ([*KEY, "--set", "workers=many"], "workers"),
    ([*KEY, "--set", "replicas=two"], "replicas"),
    ([*KEY, "--set", "config.lisen=0.0.0.0"], "lisen"),
    ([*KEY, "--set", "config.log.level=verbose"], "level"),
    ([*KEY, "--set", "config.log.level=verbose"], "error|warn|info|debug|trace"),
    ([*KEY, "--set", "config.limits.in_flight=0"], "in_flight"),
    ([*KEY, "--set", "config.policy.named_only=no"], "named_only"),
    ([*KEY, "--set", "connections.lab.url=http://a,connections.lab.dialect=sql"], "dialect"),
    ([*KEY, "--set", "allowedCallers[0]=10.0.0.0/33"], "allowedCallers"),
    ([*KEY, "--set", "trustedProxies[0]=fd00::/129"], "trustedProxies"),
    ([*KEY, "--set", "nameOverride=x_Y"], "nameOverride"),
    ([*KEY, "--set", "fullnameOverride=Mirror"], "fullnameOverride"),
    ([*KEY, "--set", "config.limits.in_fligt=1"], "in_fligt"),
    *[([*KEY, "--set", f"config.{value}"], value.partition("=")[0].rpartition(".")[2])
      for value in ("limits.byte_budget=lots", "answer_cache=64MB", "limits.drain=soon", "limits.drain=1m1h",
                    "limits.shutdown_delay=-1", "defaults.timeout=5 s", "answer_ttl=2sec")],
    ([*KEY, "--set", "connections.a.ur1=http://a:9090"], "ur1"),
    ([*KEY, "--set", "config.port=1"], "config.port: use port"),
    ([*KEY, "--set", "config.admin_port=1"], "config.admin_port: use adminPort"),
    ([*KEY, "--set", "config.api_key=a"], "config.api_key: use global.apiKey"),
    ([*KEY, "--set", "allowedCallers={0.0.0.0/0}"], "allowedCallers: a list that admits everybody"),
    ([*KEY, "--set", "config.allowed_callers={0.0.0.0/0}"],
     "config.allowed_callers: a list that admits everybody"),
    ([*KEY, "--set", "allowedCallers={0.0.0.0/1,128.0.0.0/1}"], "allowedCallers: a list that admits everybody"),
    ([*KEY, "--set", "allowedCallers={10.0.0.0/8},trustedProxies={0.0.0.0/0}"], "trustedProxies: with a list that holds"),
    ([*KEY, "--set", "allowedCallers={10.0.0.5/8}"], "allowedCallers: 10.0.0.5/8 has bits set beyond its prefix"),
    ([*KEY, "--set", "trustedProxies={fd00::1/8}"], "trustedProxies: fd00::1/8 has bits set beyond its prefix"),
    ([*KEY, "--set", "callers[0].name=a"], "callers[0]: proves nothing"),
    ([*KEY, "--set", "callers[0].name=a,callers[0].tokens={too-short}"], "callers[0].tokens: must be 16 to 512 bytes"),
    ([*KEY, "--set", "connections.lab.dialect=metricsql"], "connections.lab: needs url or host"),
    ([*KEY, "--set-json", 'connections.lab={"url":"http://a","basic_auth":{}}'], "connections.lab.basic_auth: needs username"),
    ([*KEY, "--set", "connections.lab.url=http://u:p@a,connections.lab.bearer_token=x"],
     "connections.lab.bearer_token: cannot stand beside the user name in url"),
    ([*KEY, "--set", "allowedUpstreams={http://*.com}"], "allowedUpstreams: http://*.com may have *"),
    ([*KEY, "--set", "allowedUpstreams={http://u:p@a/api/v1}"], "allowedUpstreams: an entry must be a base URL"),
    ([*KEY, "--set", "console.tokenSecret=x,config.console.token=0123456789abcdef"],
     "config.console.token: cannot stand beside console.tokenSecret"),
    ([*KEY, "--set", "config.tls.cert_file=/c"], "config.tls.cert_file: needs config.tls.key_file as well"),
    ([*KEY, "--set", "connections.lab.url=http://a,config.limits.backend_calls_for.prod=1"],
     "config.limits.backend_calls_for.prod: is no connection; there are lab"),
    ([*KEY, "--set", "secretMounts[0].secret=x,secretMounts[1].secret=x"], "secretMounts[1]: something is mounted at"),
    ([*KEY, "--set", "secretMounts[0].secret=x,secretMounts[0].path=/etc/prometheus-mirror/api-key/"], "secretMounts[0]: "),
    ([*KEY, "--set", "extraVolumeMounts[0].name=x,extraVolumeMounts[0].mountPath=/etc/prometheus-mirror/config"],
     "extraVolumeMounts: something is mounted at"),
    ([*KEY, "--set", "strategy.rollingUpdate.maxSurge=0"], "strategy.rollingUpdate: with maxSurge and maxUnavailable"),
    ([*KEY, "--set", "strategy.rollingUpdate.maxSurge=0%"], "strategy.rollingUpdate: with maxSurge and maxUnavailable"),
    ([*KEY, "--set", "allowedCallers={stackstate}"], "allowedCallers"),
    ([*KEY, "--set", "allowedUpstreams=all"], "allowedUpstreams"),
    ([*KEY, "--set", "allowedUpstreams={prometheus:9090}"], "allowedUpstreams"),
    ([*KEY, "--set", "connections.Prod.url=http://p:9090"], "connections.Prod: a name is"),
    ([*KEY, "--set", "config.connections.Prod.url=http://p:9090"], "config.connections.Prod: a name is"),
    ([*KEY, "--set", "callers[0].tokens={x}"], "callers"),
    ([*KEY, "--set", "callers[0].name=a", "--set", "callers[0].token=x"], "token"),
    ([*KEY, "--set", "callers[0].name=stackstate", "--set", "callerToken.existingSecret=x"],
     "callers: the name stackstate"),
    ([*KEY, "--set", "secretMounts[0].name=x"], "secretMounts"),
    ([*KEY, "--set", "image.digest=sha256:abc"], "digest"),
    ([*KEY, "--set", "image.pullPolicy=Sometimes"], "pullPolicy"),
    ([*KEY, "--set", "service.type=ExternalName"], "type"),
    ([*KEY, "--set", "service.ipFamilyPolicy=DualStack"], "ipFamilyPolicy"),
    ([*KEY, "--set", "service.ipFamilies={IPv5}"], "ipFamilies"),
    ([*KEY, "--set", "service.ipFamilies={IPv4,IPv4},config.listen=::"], "ipFamilies"),
    ([*KEY, "--set", "service.ipFamilies={IPv4,IPv6},service.ipFamilyPolicy=SingleStack,config.listen=::"],
     "service.ipFamilies: with service.ipFamilyPolicy SingleStack there is one"),
    *[([*KEY, "--set", f"service.ipFamilies={{IPv6}}{more}"], 'listens on an IPv4 address; set config.listen to "::"')
      for more in ("", ",service.ipFamilyPolicy=SingleStack", ",config.listen=::ffff:0.0.0.0", ",config.listen=[10.0.0.1]")],
    ([*KEY, "--set", "service.nodePort=30900"], "service.nodePort: a Service of type ClusterIP has none"),
    ([*KEY, "--set", "service.externalTrafficPolicy=Local"],
     "service.externalTrafficPolicy: a Service of type ClusterIP has none"),
    ([*KEY, "--set", "service.type=NodePort,service.loadBalancerSourceRanges={10.0.0.0/8}"],
     "service.loadBalancerSourceRanges: a Service of type NodePort has none"),
    ([*KEY, "--set", r"commonLabels.app\.kubernetes\.io/version=x"],
     "commonLabels.app.kubernetes.io/version: is a label of the chart's own"),
    ([*KEY, "--set", r"podLabels.app\.kubernetes\.io/name=x"],
     "podLabels.app.kubernetes.io/name: is a label of the chart's own"),
    ([*KEY, "--set", "networkPolicy.form=x"], "form"),
    ([*KEY, "--set", "pdb.maxUnavailable=half"], "maxUnavailable"),
    ([*KEY, "--set", "ingress.enabled=true"], "ingress.hosts: needs"),
    ([*KEY, "--set", "httpRoute.enabled=true"], "httpRoute.parentRefs: needs"),
    ([*KEY, "--set", "autoscaling.enabled=true,autoscaling.minReplicas=11"], "autoscaling.minReplicas: is above"),
    ([*KEY, "--set", "autoscaling.enabled=true,autoscaling.targetCPU=null"], "autoscaling.targetCPU: with neither"),
    ([*KEY, "--set", "metrics.prometheusRule.enabled=true,metrics.prometheusRule.thresholds.x=1"],
     "metrics.prometheusRule.thresholds.x: no such threshold"),
    *[([*KEY, "--set", "metrics.prometheusRule.enabled=true",
        "--set", f"metrics.prometheusRule.thresholds.{value}"],
       f"metrics.prometheusRule.thresholds.{value.partition('=')[0]}: ")
      for value in ("slow_for=5", "slow_for=soon", "failing_ratio=1 %", "failing_ratio=a: b",
                    "job=a\"b", "job=a #b", "docs=*x", "docs=a: b")],
    ([*KEY, "--set", "metrics.dashboards.enabled=true,metrics.prometheusRule.thresholds.docs=a: b"],
     "metrics.prometheusRule.thresholds.docs: "),
    ([*KEY, "--set", "metrics.prometheusRule.enabled=true,metrics.prometheusRule.disabled={MirrorDwon}"],
     "metrics.prometheusRule.disabled: there is no alert MirrorDwon"),
    ([*KEY, "--set", "metrics.serviceMonitor.interval=often"], "interval"),
]


@functools.cache
def validate(manifest):
    """A manifest as text, since most are the same in many renderings."""
    document = json.loads(manifest)
    schema = SCHEMAS.get(document["kind"].lower())
    if schema:
        jsonschema.validate(document, schema)
        return
    for version in (OLDEST, NEWEST):
        kubernetes.validate(document, version, strict=True)


def every(test):
    """Runs a test for each rendering, and goes on after one that fails."""
    @functools.wraps(test)
    def run(self):
        for (case, version), rendering in all_renderings().items():
            with self.subTest(case=case, helm=version):
                test(self, case, rendering)
    return run


class Every(unittest.TestCase):
    """What holds for each values file under each Helm."""

    def test_two_helms_are_there(self):
        self.assertEqual([it.parent.name[:2] for it in HELMS], ["v3", "v4"])

    @every
    def test_lint_is_content(self, case, rendering):
        self.assertEqual(rendering.linted.returncode, 0, rendering.linted.stdout)

    @every
    def test_manifests_fit_the_oldest_and_the_newest_kubernetes(self, case, rendering):
        for document in rendering.documents:
            validate(json.dumps(document, sort_keys=True))

    @every
    def test_pods_are_restricted(self, case, rendering):
        pods = dict(rendering.pods())
        self.assertEqual(len(pods), 2)
        for name, spec in pods.items():
            self.assertEqual(list(violations(spec)), [], name)
            self.assertIs(spec["automountServiceAccountToken"], False)
            self.assertIs(spec["enableServiceLinks"], False)
            own = [it for it in spec["containers"] if "prometheus-mirror" in it["image"]]
            for container in own:
                self.assertIs(container["securityContext"]["readOnlyRootFilesystem"], True)

    @every
    def test_pods_have_the_user_of_the_image_but_on_openshift(self, case, rendering):
        for name, spec in rendering.pods():
            ids = {it: spec["securityContext"].get(it) for it in ("runAsUser", "runAsGroup", "fsGroup")}
            self.assertEqual(set(ids.values()), {None if case == "openshift" else 65532}, name)

    @every
    def test_the_service_leads_to_the_deployment_and_to_nothing_else(self, case, rendering):
        labels = rendering.one("Deployment")["spec"]["template"]["metadata"]["labels"].items()
        test = rendering.one("Pod")["metadata"]["labels"].items()
        selectors = [it["spec"]["selector"] for it in rendering.of("Service")]
        selectors.append(rendering.one("Deployment")["spec"]["selector"]["matchLabels"])
        for kind, field in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            selectors += [it["spec"][field]["matchLabels"] for it in rendering.of(kind)]
        for selector in selectors:
            self.assertLessEqual(selector.items(), labels)
            self.assertFalse(selector.items() <= test)

    @every
    def test_the_admin_port_never_leaves_the_cluster(self, case, rendering):
        for service in rendering.of("Service"):
            ports = [it["name"] for it in service["spec"]["ports"]]
            if service["spec"]["type"] != "ClusterIP":
                self.assertEqual(ports, ["mirror"])
        for ingress in rendering.of("Ingress"):
            for rule in ingress["spec"]["rules"]:
                for path in rule["http"]["paths"]:
                    self.assertEqual(path["backend"]["service"]["port"], {"name": "mirror"})
        for route in rendering.of("HTTPRoute"):
            port = yaml.safe_load(rendering.configuration())["port"]
            backends = [it for rule in route["spec"]["rules"] for it in rule["backendRefs"]]
            self.assertEqual({it["port"] for it in backends}, {port})

    @every
    def test_no_secret_is_in_a_config_map_or_in_the_environment(self, case, rendering):
        text = yaml.safe_dump_all(it for it in rendering.documents if it["kind"] != "Secret")
        for word in ("4f0c1f1d9b7e4a55", "s3cret", "not-a-real-secret"):
            self.assertNotIn(word, text)

    @every
    def test_the_notes_end_in_the_form_and_never_hold_the_key(self, case, rendering):
        self.assertNotIn("4f0c1f1d9b7e4a55", rendering.notes)
        self.assertNotIn("s3cret", rendering.notes)
        last = rendering.notes.strip().splitlines()[-1].strip()
        self.assertTrue(last.startswith("Connection Details JSON"), last)

    @every
    def test_the_form_fits_the_configuration(self, case, rendering):
        form, settings = rendering.form(), yaml.safe_load(rendering.configuration())
        details = json.loads(form["Connection Details JSON"])
        service = [it for it in rendering.of("Service")
                   if any(port["name"] == "mirror" for port in it["spec"]["ports"])][0]
        scheme = "https" if "tls" in settings else "http"
        self.assertEqual(
            form["DataSourceUrl"],
            f"{scheme}://{service['metadata']['name']}.stackstate.svc:{settings['port']}")
        self.assertEqual(len({"connection", "url"} & set(details)), 1)
        if "connection" in details:
            self.assertIn(details["connection"], settings["connections"])
        elif "connections" in settings:
            self.fail("a connection has a name, and the form does not say it")
        self.assertEqual("token" in details, bool(settings.get("callers")))
        for secrets in rendering.secrets().values():
            if "token" in secrets:
                self.assertEqual(details["token"], secrets["token"])

    @every
    def test_each_mounted_file_is_one_that_the_settings_name(self, case, rendering):
        spec = rendering.one("Deployment")["spec"]["template"]["spec"]
        mounts = [it["mountPath"] for it in spec["containers"][0]["volumeMounts"]]
        text = rendering.configuration()
        for file in re.findall(r"/etc/prometheus-mirror/\S+", text):
            self.assertTrue(any(file.startswith(mount + "/") for mount in mounts), file)

    def test_renderings_are_the_golden_ones(self):
        if os.environ.get("UPDATE_GOLDEN") == "1":
            for path in GOLDEN.glob("*"):
                path.unlink()
            for (case, version), rendering in all_renderings().items():
                if version.startswith("v3"):
                    manifests, notes = rendering.golden()
                    (GOLDEN / f"{case}.yaml").write_text(manifests)
                    (GOLDEN / f"{case}.notes.txt").write_text(notes)
        expected = {f"{case}{end}" for case in cases() for end in (".yaml", ".notes.txt")}
        self.assertEqual({path.name for path in GOLDEN.glob("*")}, expected)
        self.maxDiff = None
        for (case, version), rendering in all_renderings().items():
            with self.subTest(case=case, helm=version):
                manifests, notes = rendering.golden()
                self.assertEqual(manifests, (GOLDEN / f"{case}.yaml").read_text())
                self.assertEqual(notes, (GOLDEN / f"{case}.notes.txt").read_text())


class Values(unittest.TestCase):
    def test_wrong_ones_are_refused_with_a_text_that_names_them(self):
        inputs = [(program, *refused) for program in HELMS for refused in REFUSED]
        all_done = at_once(lambda it: release(it[0], "template", it[1]), inputs)
        for (program, arguments, text), done in zip(inputs, all_done):
            with self.subTest(values=arguments, helm=program.parent.name):
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(text, done.stderr)

    def test_pods_have_the_time_that_stopping_takes(self):
        """By default, as the settings' schema has it, and in every form of a duration."""
        limits = json.loads((ROOT / "schemas/config.json").read_text())["properties"]["limits"]["properties"]
        self.assertEqual([limits[it]["default"] for it in ("shutdown_delay", "drain")], ["5s", "20s"])

        def refused(grace, **limits):
            done = release(HELMS[0], "template", [*KEY, "--set-json", f"config.limits={json.dumps(limits)}",
                                                  "--set", f"terminationGracePeriodSeconds={grace}"])
            if done.returncode:
                self.assertIn("terminationGracePeriodSeconds: ", done.stderr)
            return done.returncode != 0

        for grace, limits, expected in (
                (26, {}, False), (25, {}, True), (30, {"drain": "25s"}, True), (31, {"drain": "25s"}, False),
                (66, {"drain": "1m"}, False), (65, {"drain": "1m"}, True), (95, {"drain": "1m30s"}, True),
                (96, {"drain": "1m30s"}, False), (21, {"shutdown_delay": 0}, False), (20, {"shutdown_delay": 0}, True),
                (27, {"shutdown_delay": "5s500ms"}, False), (26, {"shutdown_delay": "5s500ms"}, True),
                (26, {"shutdown_delay": 5.5}, True), (26, {"shutdown_delay": "5.5"}, True),
                (1, {"shutdown_delay": "0s", "drain": "0"}, False), (0, {"shutdown_delay": "0s", "drain": "0"}, True),
                (31, {"drain": "2.5E1"}, False), (30, {"drain": "2.5E1"}, True), (26, {"drain": "", "shutdown_delay": ""}, False),
                (25, {"drain": ""}, True), (25, {"shutdown_delay": ""}, True),
                (1, {"drain": "${A_VARIABLE}"}, False), ("null", {}, False), ("null", {"drain": "30s"}, True)):
            with self.subTest(grace=grace, limits=limits):
                self.assertEqual(refused(grace, **limits), expected)

    def test_a_wrong_file_is_refused_by_every_command_that_reads_it(self):
        """Each file of `wrong/` says in its first line what the text must name. `helm lint` passes over
        what templates refuse."""
        files = sorted((ROOT / "tests/chart/wrong").glob("*.yaml"))
        self.assertGreater(len(files), 3)
        for program in HELMS:
            for file in files:
                said, _, named = file.read_text().partition("\n")[0].partition(" names: ")
                named = named.split(", ")
                for command in ["template"] if said == "# rendering" else ["lint", "template"]:
                    values = ["--values", file]
                    done = (helm(program, "lint", CHART, *values) if command == "lint"
                            else release(program, command, values))
                    with self.subTest(file=file.name, helm=program.parent.name, command=command):
                        self.assertNotEqual(done.returncode, 0)
                        for text in named:
                            self.assertIn(text, done.stdout + done.stderr)

    def test_each_is_in_the_schema_and_documented(self):
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        schema = json.loads((CHART / "values.schema.json").read_text())
        self.assertEqual(set(schema["properties"]), set(values))
        self.assertIs(schema["additionalProperties"], False)
        documented = {path for path, _ in readme.documented((CHART / "values.yaml").read_text())}

        def covered(value, path):
            if path in documented:
                return
            self.assertTrue(isinstance(value, dict) and value, f"{'.'.join(path)}: no comment")
            for key, inner in value.items():
                covered(inner, (*path, key))

        for key, value in values.items():
            covered(value, (key,))

    def test_a_parent_chart_can_switch_it_on_and_off(self):
        """By a condition, and with globals of its own."""
        with tempfile.TemporaryDirectory() as folder:
            parent = pathlib.Path(folder) / "parent"
            shutil.copytree(CHART, parent / "charts/prometheus-mirror")
            version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
            dependency = {"name": "prometheus-mirror", "version": version, "alias": "mirror",
                          "condition": "mirror.enabled"}
            (parent / "Chart.yaml").write_text(json.dumps(
                {"apiVersion": "v2", "name": "parent", "version": "1.0.0", "dependencies": [dependency]}))
            for program in HELMS:
                for is_on in (True, False):
                    done = release(program, "template",
                                   [*KEY, "--set", f"mirror.enabled={str(is_on).lower()},global.storageClass=x"], parent)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual("kind: Deployment" in done.stdout, is_on)

    def test_a_null_below_a_parent_chart_works_where_the_readme_says(self):
        """Given at the installation, and in the parent chart's own values under Helm 3 alone."""
        openshift = yaml.safe_load(re.search(r"## OpenShift.*?```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.S)[1])
        with tempfile.TemporaryDirectory() as folder:
            parent, given = pathlib.Path(folder) / "parent", pathlib.Path(folder) / "given.yaml"
            shutil.copytree(CHART, parent / "charts/prometheus-mirror")
            (parent / "Chart.yaml").write_text(json.dumps({"apiVersion": "v2", "name": "parent", "version": "1.0.0"}))
            given.write_text(json.dumps({"prometheus-mirror": openshift}))
            nulls = ",".join(f"prometheus-mirror.podSecurityContext.{it}=null" for it in openshift["podSecurityContext"])

            def obeyed(*arguments):
                done = release(program, "template", [*KEY, *arguments], parent)
                self.assertEqual(done.returncode, 0, done.stderr)
                return "65532" not in done.stdout

            for program in HELMS:
                (parent / "values.yaml").write_text("{}")
                self.assertEqual([obeyed(), obeyed("--values", given), obeyed("--set", nulls)], [False, True, True])
                shutil.copy(given, parent / "values.yaml")
                self.assertEqual(obeyed(), program.parent.name.startswith("v3"), "what README.md says of Helm 4")
        text = " ".join((CHART / "README.md").read_text().split())
        self.assertIn("`values.yaml`, Helm 3 obeys it and Helm 4 does not", text)

    def test_the_chart_has_the_programs_version(self):
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        cargo = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
        self.assertEqual([chart["version"], chart["appVersion"]], [cargo, cargo])
        self.assertIn(f"prometheus-mirror:{cargo}", chart["annotations"]["artifacthub.io/images"])

    def test_the_install_command_names_an_image_that_was_pushed(self):
        """For no public registry has it; and without a registry the notes say so."""
        text = (CHART / "README.md").read_text().replace("\\\n", " ")
        version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
        pushed = re.search(r"^docker push (\S+)/(\S+):(\S+)$", text, re.M)
        self.assertEqual(pushed[3], version)
        commands = re.findall(r"^helm install .*$", text, re.M)
        self.assertEqual(len(commands), 1)
        for setting in (f"image.registry={pushed[1]}", f"image.repository={pushed[2]}"):
            self.assertIn(f"--set {setting} ", commands[0] + " ")
        told = f"NOTE: no public registry has prometheus-mirror:{version}."
        renderings = {case: it for (case, _), it in all_renderings().items()}
        self.assertIn(told, renderings["default"].notes)
        self.assertNotIn("NOTE: no public registry", renderings["extras"].notes)

    def test_a_package_holds_what_is_needed_and_no_more(self):
        for program in HELMS:
            with tempfile.TemporaryDirectory() as folder:
                done = helm(program, "package", CHART, "--destination", folder)
                self.assertEqual(done.returncode, 0, done.stderr)
                package = next(pathlib.Path(folder).glob("*.tgz"))
                shown = helm(program, "template", "mirror", package, *KEY)
                self.assertEqual(shown.returncode, 0, shown.stderr)
                names = {it.removeprefix("prometheus-mirror/") for it in tarfile.open(package).getnames()}
            self.assertLessEqual({"values.schema.json", "README.md", "files/monitoring/alerts.yaml"}, names)
            self.assertFalse({it for it in names if it.startswith("ci/")})


class Cases(unittest.TestCase):
    """What single values files are for."""

    def rendering(self, case):
        return next(it for (name, _), it in all_renderings().items() if name == case)

    def test_a_wall_always_stands(self):
        for case in cases():
            settings = yaml.safe_load(self.rendering(case).configuration())
            listed = settings.get("policy", {}).get("allowed_upstreams", "any")
            walls = [settings.get("callers"), settings.get("allowed_callers"),
                     settings.get("connections"), listed != "any"]
            self.assertTrue(any(walls), case)

    def test_a_random_token_is_kept_over_upgrades_by_looking_it_up(self):
        before = "the-token-of-the-release-before"
        name = "mirror-prometheus-mirror-caller-token"
        with cluster.with_secret("mirror", "stackstate", name, {"token": before}) as kubeconfig:
            asked = [*KEY, "--kubeconfig", kubeconfig, "--dry-run=server", "--disable-openapi-validation"]
            for program in HELMS:
                kept = Rendering(program, asked)
                self.assertEqual(kept.secrets()[name]["token"], before)
                details = json.loads(kept.form()["Connection Details JSON"])
                self.assertEqual(details["token"], before)

    def test_a_random_token_is_another_in_each_installation(self):
        renderings = [it for (name, _), it in all_renderings().items() if name == "default"]
        tokens = {it.secrets()["mirror-prometheus-mirror-caller-token"]["token"] for it in renderings}
        self.assertEqual([len(it) for it in tokens], [43, 43])

    def test_only_what_a_reload_cannot_change_rolls_the_pods(self):
        def checksum(*more):
            done = release(HELMS[0], "template", [*KEY, *more, "--show-only", "templates/deployment.yaml"])
            return re.search(r"checksum/restart: (\w+)", done.stdout)[1]

        before = checksum()
        for same in ("config.log.level=debug", "connections.a.url=http://a:9090",
                     "global.apiKey=another-key-0123456789"):
            self.assertEqual(checksum("--set", same), before, same)
        for other in ("port=9000", "adminPort=9000", "workers=3", "config.listen=127.0.0.1",
                      "config.log.format=text"):
            self.assertNotEqual(checksum("--set", other), before, other)

    def test_a_secret_in_words_makes_the_configuration_a_secret(self):
        for case, kind in (("connections", "ConfigMap"), ("callers", "ConfigMap"),
                           ("connections-with-secrets", "Secret")):
            names = [it["metadata"]["name"] for it in self.rendering(case).of(kind)]
            self.assertIn("mirror-prometheus-mirror-config", names, case)
        oauth2 = "connections.a.oauth2.client_id=c,connections.a.oauth2.client_secret_file=/s"
        keys = "connections.a.aws.aws_access_key_id=i,connections.a.aws.aws_secret_access_key"
        words = [
            "connections.a.url=http://u:p@a:9090", "connections.a.bearer_token=x", f"{keys}=x",
            "connections.a.headers.X-Api-Key=x", "callers[0].tokens={0123456789abcdef}",
            "connections.a.tls_config.key=x,connections.a.tls_config.cert=c", "connections.a.aws.external_id=x",
            f"{oauth2},connections.a.oauth2.token_url=http://a,connections.a.oauth2.endpoint_params.p=x",
            # A user and a password in an address, however it is written.
            "connections.a.url=HTTPS://u:p@a", "connections.a.host=u:p@a", "connections.a.host=HTTP://u:p@a",
            "connections.a.proxy_url=u:p@a:3128", f"{oauth2},connections.a.oauth2.token_url=Https://u:p@a/token",
            "connections.a.aws.sts_endpoint=u:p@a",
        ]
        for word in words:
            with self.subTest(word):
                self.assertNotIn("kind: ConfigMap", self.rendered(word).stdout)
        # Which is none elsewhere.
        username = "connections.a.basic_auth.username=u@a,connections.a.basic_auth.password_file=/p"
        self.assertIn("kind: ConfigMap", self.rendered(username).stdout)

    def test_a_refused_address_is_not_told_with_its_password(self):
        for word in ("connections.a.url= http://u:p@a", "connections.a.url=http:/u:p@a", "connections.a.host=u:p/@a",
                     "callers[0].upstreams={HTTP://u:p@a}", "allowedUpstreams={http://u:p@a}"):
            with self.subTest(word):
                done = self.rendered(word, refused=True)
                self.assertIn(re.split(r"[.=[]", word)[0], done.stderr)
                self.assertNotIn("u:p", done.stderr)

    def rendered(self, word, refused=False):
        """What becomes of a value, with a caller and a connection that it may belong to."""
        url = "" if re.search("[.](url|host)=", word) else "connections.a.url=http://a,"
        more = ["--set", url + "callers[0].name=a,callers[0].token_files={/t}", "--set", word]
        done = release(HELMS[0], "template", [*KEY, *more])
        self.assertEqual(done.returncode != 0, refused, done.stderr)
        return done

    def test_pod_identity_opens_one_link_local_address(self):
        def reached(case):
            text = json.dumps(self.rendering(case).one("NetworkPolicy")["spec"]["egress"])
            return "169.254.170.23/32" in text
        self.assertTrue(reached("pod-identity"))
        self.assertFalse(reached("irsa"))

    def test_pods_are_let_out_to_as_pods_too(self):
        """There are networks in which no block of addresses holds a pod."""
        readme_says = re.findall(r"```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.S)
        examples = [it["networkPolicy"]["egress"] for it in map(yaml.safe_load, readme_says)
                    if "egress" in it.get("networkPolicy", {})]
        self.assertEqual(len(examples), 1)
        for egress in [*examples, *(self.rendering(case).one("NetworkPolicy")["spec"]["egress"]
                                    for case in ("default", "pod-identity"))]:
            # Of all ports, as what lies outside.
            peers = [peer for rule in egress if "ports" not in rule for peer in rule["to"]]
            self.assertIn("0.0.0.0/0", [it.get("ipBlock", {}).get("cidr") for it in peers])
            self.assertIn({"namespaceSelector": {}}, peers)

    def test_alerts_without_overrides_are_those_of_the_mixin(self):
        groups = self.rendering("pod-monitoring").one("PrometheusRule")["spec"]["groups"]
        text = (ROOT / "monitoring/alerts.yaml").read_text()
        # A PodMonitoring's own name is the job.
        text = text.replace('job="prometheus-mirror"', 'job="mirror-prometheus-mirror"')
        expected = yaml.safe_load((ROOT / "monitoring/rules.yaml").read_text())["groups"]
        expected += yaml.safe_load(text)["groups"]
        self.assertEqual(groups, expected)

    def test_with_both_monitors_the_job_is_what_the_service_monitor_gives(self):
        both = ["--values", str(CHART / "ci/pod-monitoring-values.yaml"), "--set", "metrics.serviceMonitor.enabled=true"]
        rules = release(HELMS[0], "template", both).stdout
        self.assertIn('up{job="prometheus-mirror"}', rules)
        self.assertNotIn('job="mirror-prometheus-mirror"', rules)

    def test_a_threshold_of_ones_own_reaches_the_alert(self):
        rule = self.rendering("monitoring").one("PrometheusRule")
        rules = {it.get("alert"): it for group in rule["spec"]["groups"] for it in group["rules"]}
        self.assertIn("> 20", rules["MirrorBackendSlow"]["expr"])
        self.assertEqual(rules["MirrorSlow"]["for"], "1h")
        self.assertNotIn("MirrorInsecure", rules)
        self.assertIn('job="prometheus-mirror"', rules["MirrorDown"]["expr"])

    def test_dashboards_are_those_of_the_mixin(self):
        """And their links lead to where the alerts' do."""
        for case, docs in (("labels", "docs"), ("monitoring", "https://docs.example.net/mirror")):
            data = self.rendering(case).one("ConfigMap", "-dashboards")["data"]
            linked = 0
            for path in (ROOT / "monitoring/dashboards").glob("*.json"):
                text = path.read_text()
                linked += text.count('"docs/')
                expected = json.loads(text.replace('"docs/', f'"{docs}/'))
                self.assertEqual(json.loads(data[f"prometheus-mirror-{path.name}"]), expected, case)
            self.assertGreater(linked, 0)
            rules = [it for group in self.rendering(case).one("PrometheusRule")["spec"]["groups"]
                     for it in group["rules"] if "alert" in it]
            self.assertGreater(len(rules), 5)
            for rule in rules:
                self.assertEqual(rule["annotations"]["runbook_url"], f"{docs}/alerts/{rule['alert']}.md")

    def test_the_notes_tell_of_links_that_lead_nowhere(self):
        """As those of the mixin do outside of the source tree."""
        told = "NOTE: links of alerts and dashboards begin with \"docs\" and lead nowhere. Set metrics.prometheusRule.thresholds.docs"
        for case, is_told in (("labels", True), ("pod-monitoring", True), ("monitoring", False), ("default", False)):
            self.assertEqual(told in self.rendering(case).notes, is_told, case)

    def test_pods_that_are_recreated_have_no_rolling_update(self):
        self.assertEqual(self.rendering("recreate").one("Deployment")["spec"]["strategy"], {"type": "Recreate"})

    def test_a_label_selector_of_ones_own_is_left_alone(self):
        def selectors(case):
            spec = self.rendering(case).one("Deployment")["spec"]
            return spec["selector"], [it["labelSelector"]
                                      for it in spec["template"]["spec"]["topologySpreadConstraints"]]
        self.assertEqual(selectors("extras")[1], [{"matchLabels": {"team": "observability"}}])
        own, of_defaults = selectors("default")
        self.assertEqual(of_defaults, [own, own])

    def test_a_label_of_fewer_things_goes_before_one_of_all(self):
        rendering = self.rendering("labels")
        pod = rendering.one("Deployment")["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(pod["team"], "tools")
        self.assertEqual(rendering.one("Service")["metadata"]["labels"]["team"], "observability")
        for kind in ("ServiceMonitor", "PodMonitoring", "PrometheusRule"):
            labels = rendering.one(kind)["metadata"]["labels"]
            self.assertEqual([labels["team"], labels["app.kubernetes.io/instance"]], ["metrics", "stack"], kind)

    def test_a_wall_in_the_words_of_config_is_one(self):
        """Then the chart makes no token."""
        for case in ("config-callers", "client-certificates"):
            names = [it["metadata"]["name"] for it in self.rendering(case).of("Secret")]
            self.assertEqual(names, ["mirror-prometheus-mirror-api-key"], case)

    def test_the_notes_warn_of_a_way_in_that_the_network_policy_closes(self):
        warned = "WARNING: the NetworkPolicy admits pods in stackstate alone, and so not what comes by the "
        for case, way in (("ingress", "Ingress"), ("httproute", "HTTPRoute"),
                          ("load-balancer", "LoadBalancer"), ("node-port", None), ("default", None)):
            notes = self.rendering(case).notes
            if way:
                self.assertIn(f"{warned}{way}. Set networkPolicy.from", notes, case)
            else:
                self.assertNotIn(warned, notes, case)

    def test_the_notes_warn_of_networks_that_a_proxy_hides(self):
        def told(*values):
            given = [it for value in values for it in ("--set", value)]
            notes = Rendering(HELMS[-1], [*KEY, "--set", "allowedCallers={10.0.0.0/8}", *given]).notes
            found = re.search("^WARNING: callers are told by their network alone, .*", notes, re.M)
            return found and found[0]
        ingress = "ingress.enabled=true,ingress.hosts[0].host=mirror.example.net"
        route = "httpRoute.enabled=true,httpRoute.parentRefs[0].name=public"
        balancer = "service.type=LoadBalancer"
        for ways, named in (([ingress], "the Ingress"), ([ingress, route], "the Ingress or the HTTPRoute"),
                            ([balancer], "the LoadBalancer"), (["service.type=NodePort"], "the NodePort")):
            self.assertIn(f"what comes by {named} ", told(*ways) or "", ways)
        for silent in ([], [ingress, "trustedProxies={10.42.7.0/28}"],
                       [ingress, "callerToken.existingSecret=x"],
                       [ingress, "callers[0].name=a,callers[0].token_files={/t}"],
                       [ingress, "config.tls.client_ca_file=/c,config.tls.cert_file=/c,config.tls.key_file=/k"],
                       [balancer, "service.externalTrafficPolicy=Local"]):
            self.assertIsNone(told(*silent), silent)

    def test_a_token_of_a_variable_is_a_wall_of_which_the_notes_know(self):
        upstreams = ["--set", "allowedUpstreams={http://a:9090}"]
        variable = ["--set", "extraEnv[0].name=CALLER_TOKEN,extraEnv[0].valueFrom.secretKeyRef.name=x"]
        for given, is_there in ((variable, True), ([], False), (["--set", "extraEnv[0].name=A,extraEnv[0].value=b"], False)):
            rendering = Rendering(HELMS[-1], [*KEY, *upstreams, *given])
            self.assertEqual("is accepted and hears the key" in rendering.notes, not is_there, given)
            details = json.loads(rendering.form()["Connection Details JSON"])
            self.assertEqual(details.get("token"), "<token of default>" if is_there else None, given)

    def test_the_helm_test_is_admitted_beside_any_list(self):
        labels = self.rendering("network-policy").one("Pod")["metadata"]["labels"]
        for rule in self.rendering("network-policy").one("NetworkPolicy")["spec"]["ingress"]:
            wanted = rule["from"][-1]["podSelector"]["matchLabels"]
            self.assertTrue(wanted and wanted.items() <= labels.items(), rule)
            self.assertEqual(len(rule["from"]), 2)

    def test_secrets_of_a_parent_chart_pull_the_image_too(self):
        given = ["--set", "global.imagePullSecrets[0]=a,global.imagePullSecrets[1].name=b,image.pullSecrets[0]=c"]
        rendered = release(HELMS[0], "template", [*KEY, *given])
        pods = [it for it in yaml.safe_load_all(rendered.stdout) if it["kind"] in ("Pod", "Deployment")]
        specs = [it["spec"].get("template", it)["spec"] for it in pods]
        names = [[it["name"] for it in spec["imagePullSecrets"]] for spec in specs]
        self.assertEqual(names, [["a", "b", "c"]] * 2)

    def test_families_of_addresses_are_those_of_every_service(self):
        services = self.rendering("ipv6").of("Service")
        self.assertEqual(len(services), 2)
        for service in services:
            families = [service["spec"].get(it) for it in ("ipFamilyPolicy", "ipFamilies")]
            self.assertEqual(families, ["SingleStack", ["IPv6"]])
        for case, listen in (("ipv6", "::"), ("default", "0.0.0.0")):
            self.assertEqual(yaml.safe_load(self.rendering(case).configuration())["listen"], listen)
        self.assertNotIn("ipFamilies", self.rendering("default").one("Service")["spec"])

    def test_the_notes_tell_of_services_with_ipv6_that_nothing_answers(self):
        told = 'NOTE: the Services may have IPv6 addresses, and the mirror answers IPv4 alone. Set config.listen to "::".'
        families, policy = "service.ipFamilies", "service.ipFamilyPolicy"
        for given, is_told in (
                (f"{families}={{IPv4,IPv6}}", True), (f"{policy}=PreferDualStack", True), (f"{policy}=RequireDualStack", True),
                (f"{families}={{IPv6}},{policy}=PreferDualStack", True), (f"{policy}=SingleStack", False),
                (f"{families}={{IPv4}}", False), (f"{policy}=PreferDualStack,config.listen=::", False),
                (f"{families}={{IPv6}},config.listen=[::]", False)):
            self.assertEqual(told in Rendering(HELMS[-1], [*KEY, "--set", given]).notes, is_told, given)

    def test_autoscaling_leaves_the_number_of_pods_alone(self):
        self.assertNotIn("replicas", self.rendering("autoscaling").one("Deployment")["spec"])

    def test_each_named_connection_is_tried_by_the_helm_test(self):
        containers = self.rendering("connections").one("Pod")["spec"]["containers"]
        named = [argument for it in containers for argument in it["args"] if "--connection=" in argument]
        self.assertEqual(named, ["--connection=amp", "--connection=lab"])

    def test_without_a_named_connection_the_helm_test_comes_as_callers_do(self):
        def asked(case):
            return self.rendering(case).one("Pod")["spec"]["containers"][0]["args"]
        self.assertEqual(asked("default"), ["health", "http://mirror-prometheus-mirror:9900/healthcheck"])
        self.assertEqual(asked("tls"), ["health", "http://mirror-prometheus-mirror:9901"])


if __name__ == "__main__":
    unittest.main()
