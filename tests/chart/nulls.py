"""Values that are set to null, each in turn under each Helm: what is rendered is still what Kubernetes takes,
or the text names the value. Helm takes a default away for a null, or hands it on.
"""

import json
import re
import sys
import tempfile
import unittest

import yaml

sys.dont_write_bytecode = True
from rendering import CHART, HELMS, at_once, chart_with_notes, documents, release  # noqa: E402

# Everything that can be switched on, so that each template is looked at.
SWITCHED_ON = """
global: {apiKey: 4f0c1f1d9b7e4a55}
callerToken: {existingSecret: mirror-caller}
autoscaling: {enabled: true}
ingress: {enabled: true, hosts: [{host: mirror.example.net}]}
httpRoute: {enabled: true, parentRefs: [{name: public}], hostnames: [mirror.example.net]}
console: {tokenSecret: mirror-console}
secretMounts: [{secret: mirror-callers}]
connections: {lab: {url: "http://prometheus:9090"}}
metrics:
  serviceMonitor: {enabled: true}
  podMonitoring: {enabled: true}
  prometheusRule: {enabled: true, thresholds: {slow_for: 1h}}
  dashboards: {enabled: true}
"""


def paths(values, above=()):
    """Of each value, those that hold others too."""
    for name, value in values.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from paths(value, (*above, name))


def escaped(path):
    return ".".join(name.replace(".", "\\.") for name in path)


def nulls(schema):
    """Each setting null, and each below one that holds others."""
    properties = schema["properties"]
    yield dict.fromkeys(properties)
    yield {name: dict.fromkeys(it["properties"]) for name, it in properties.items() if "properties" in it}


class Nulls(unittest.TestCase):
    def check(self, given, named):
        """Renders `(Helm, arguments)`. A refusal has to name the value, whose path is given with it."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as base:
            base.write(SWITCHED_ON)
            base.flush()
            inputs = [(program, it) for program in HELMS for it in given]
            # By `tpl` the notes are rendered too; its text would name them and not the value.
            all_done = at_once(lambda it: release(
                it[0], "template", ["--values", base.name, *it[1]], chart_with_notes()), inputs)
        for (program, arguments), done, name in zip(inputs, all_done, named * len(HELMS)):
            with self.subTest(arguments, helm=program.parent.name):
                self.assertNotRegex(done.stderr, r"interface conversion|nil pointer|wrong type|panic")
                if done.returncode:
                    self.assertRegex(done.stderr, name)
                else:
                    for document in documents(done.stdout):
                        self.assertTrue(document["kind"])

    def test_each_value_can_be_null_or_its_refusal_names_it(self):
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        found = list(paths(values)) + list(paths(yaml.safe_load(SWITCHED_ON)))
        found = sorted(set(found))
        self.assertGreater(len(found), 120)
        # A template names the path, or what lacks the value; the schema at least the value itself.
        named = [rf"{re.escape('.'.join(path))}: |{re.escape('.'.join(path[:-1]))}: needs .*\b{path[-1]}\b|"
                 rf"\b{re.escape(path[-1])}\b.*\b(null|required)\b" for path in found]
        self.check([["--set", f"{escaped(path)}=null"] for path in found], named)

    def test_settings_that_are_null_are_absent(self):
        """As the mirror takes them: each one, and all below one."""
        schema = json.loads((CHART / "values.schema.json").read_text())["properties"]
        given = [f"config={json.dumps(it)}" for it in nulls(schema["config"])]
        lab = schema["connections"]["additionalProperties"]
        # A name is not enough for a connection.
        given += [f"connections.lab={json.dumps(it | {'url': 'http://a'})}" for it in nulls(lab)][:1]
        for program in HELMS:
            for it in given:
                with self.subTest(it, helm=program.parent.name), tempfile.NamedTemporaryFile("w") as base:
                    base.write(SWITCHED_ON)
                    base.flush()
                    done = release(program, "template", ["--values", base.name, "--set-json", it])
                    self.assertEqual(done.returncode, 0, done.stderr)
                    settings = next(document["data"]["config.yaml"] for document in documents(done.stdout)
                                    if "config.yaml" in document.get("data", {}))
                    self.assertNotIn("null", settings)
                    self.assertEqual(yaml.safe_load(settings)["listen"], "0.0.0.0")


if __name__ == "__main__":
    unittest.main()
