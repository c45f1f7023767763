"""The chart as Helm renders it, read back strictly."""

import atexit
import base64
import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/prometheus-mirror"
GOLDEN = ROOT / "charts/tests/golden"
HELMS = sorted((ROOT / "target/helm").glob("v*/helm"))
RELEASE, NAMESPACE = "mirror", "stackstate"
# What a release of the default values needs beside them.
KEY = ["--set", "global.apiKey=4f0c1f1d9b7e4a55"]


class Strict(yaml.SafeLoader):
    """Refuses what YAML only warns of: a key twice."""


def mapping(loader, node):
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ValueError(f"{sorted(twice)} stand twice{node.start_mark}")
    return loader.construct_mapping(node, deep=True)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def cases():
    """Each values file by name, and the defaults."""
    found = {path.name.removesuffix("-values.yaml"): ["--values", str(path)]
             for path in sorted((CHART / "ci").glob("*-values.yaml"))}
    return {"default": KEY} | found


def helm(program, *arguments):
    # No cluster is asked, whatever the user's own shell knows of one.
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": "/dev/null",
                   "HELM_CACHE_HOME": "/nonexistent", "HELM_CONFIG_HOME": "/nonexistent",
                   "HELM_DATA_HOME": "/nonexistent"}
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                          env=environment)


def release(program, command, arguments, chart=CHART):
    return helm(program, command, RELEASE, chart, "--namespace", NAMESPACE, *arguments)


# `helm template` does not show the notes, and `helm install` of Helm 3 asks a cluster. So a copy of the
# chart renders them as one manifest more; then a random token is the same in notes and Secret.
NOTES = "notes-of-the-test"
NOTES_TEMPLATE = """apiVersion: v1
kind: ConfigMap
metadata:
  name: %s
data:
  notes: {{ tpl (.Files.Get "notes.txt") . | toJson }}
""" % NOTES


@functools.cache
def chart_with_notes():
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    chart = pathlib.Path(folder) / "chart"
    shutil.copytree(CHART, chart)
    shutil.copy(CHART / "templates/NOTES.txt", chart / "notes.txt")
    (chart / "templates" / "notes.yaml").write_text(NOTES_TEMPLATE)
    return chart


def only_values(arguments):
    """Those that `helm lint` knows too."""
    pairs = zip(arguments[::2], arguments[1::2])
    return [it for pair in pairs if pair[0] in ("--set", "--values") for it in pair]


def documents(text):
    found = [it for it in yaml.load_all(text, Strict) if it is not None]
    return sorted(found, key=lambda it: (it["kind"], it["metadata"]["name"]))


class Blocks(yaml.SafeDumper):
    """Writes a text of several lines as such, so that its diff can be read."""


Blocks.add_representer(str, lambda dumper, text: dumper.represent_scalar(
    "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None))


class Rendering:
    """One values file under one Helm: manifests, tests and notes."""

    def __init__(self, program, arguments):
        self.linted = helm(program, "lint", CHART, "--strict", *only_values(arguments))
        template = release(program, "template", arguments, chart_with_notes())
        if template.returncode:
            raise AssertionError(template.stderr)
        found = documents(template.stdout)
        self.notes = next(it for it in found if it["metadata"]["name"] == NOTES)["data"]["notes"]
        self.documents = [it for it in found if it["metadata"]["name"] != NOTES]

    def of(self, kind):
        return [it for it in self.documents if it["kind"] == kind]

    def one(self, kind, suffix=""):
        found = [it for it in self.of(kind) if it["metadata"]["name"].endswith(suffix)]
        assert len(found) == 1, f"{len(found)} of {kind} …{suffix}"
        return found[0]

    def pods(self):
        """Each pod's spec."""
        for document in self.documents:
            if document["kind"] == "Pod":
                yield document["metadata"]["name"], document["spec"]
            elif document["kind"] == "Deployment":
                yield document["metadata"]["name"], document["spec"]["template"]["spec"]

    def configuration(self):
        """The text of the file."""
        for kind, data in (("ConfigMap", "data"), ("Secret", "stringData")):
            for document in self.of(kind):
                if "config.yaml" in document.get(data, {}):
                    return document[data]["config.yaml"]
        raise AssertionError("no config.yaml")

    def secrets(self):
        """The content of each Secret that the chart makes, by its name."""
        return {it["metadata"]["name"]: {key: base64.b64decode(value).decode()
                                         for key, value in it.get("data", {}).items()}
                for it in self.of("Secret")}

    def form(self):
        """What stands in the notes for StackState's form."""
        rows = re.findall(r"^  (DataSourceUrl|API Key|Connection Details JSON) +(\S.*)$",
                          self.notes, re.M)
        assert len(rows) == 3, self.notes
        return dict(rows)

    def golden(self):
        """As it is compared: one order, no random token, and dashboards by their name only."""
        kept = []
        for document in self.documents:
            name = document["metadata"]["name"]
            if name.endswith("-caller-token") and document["kind"] == "Secret":
                document = document | {"data": {key: "<random>" for key in document["data"]}}
            if name.endswith("-dashboards"):
                document = document | {"data": {key: "<monitoring/dashboards>" for key in document["data"]}}
            kept.append(document)
        notes = re.sub(r'"token":"\w{43}"', '"token":"<random>"', self.notes)
        text = yaml.dump_all(kept, Dumper=Blocks, sort_keys=False, width=1000, allow_unicode=True)
        return text, notes.strip() + "\n"


@functools.cache
def all_renderings():
    """(case, Helm's version) to rendering."""
    keys = {(case, program.parent.name): (program, arguments)
            for program in HELMS for case, arguments in cases().items()}
    return dict(zip(keys, at_once(lambda it: Rendering(*it), keys.values())))


def at_once(function, inputs):
    """What the function makes of each, a few at a time: it is Helm that takes the time."""
    # Before the threads, each of which would make one.
    chart_with_notes()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, inputs))
