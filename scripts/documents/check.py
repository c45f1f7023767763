"""The documents hold: links lead somewhere, examples fit their schemas, and what every command is
worth is said.

    check.py [PROGRAM]     with the program, blocks marked `run` are run, and configurations are
                           given to `check-config`

A comment before each block of code says what it is:

    json   details | request PATH | answer | configuration
    yaml   configuration | values | other: WHAT
    sh     run | tested by STEP[, in FILE][; NOTE] | not run: WHY
    promql, text and the like need none

`tested by` wants each command in the step, in a script that the step names, or in FILE; with a note the
first of them. A command in a table of docs/ wants a comment before the table: commands not run: WHY.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import jsonschema
import yaml

PROGRAM = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
BLOCK = re.compile(r"(?:^ *<!-- ([^>]+?) -->\n)?^ *```(\w*)\n(.*?)^ *```$", re.S | re.M)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")

DETAILS = json.loads(Path("schemas/connection-details.json").read_text())
CONFIGURATION = json.loads(Path("schemas/config.json").read_text())
VALUES = json.loads(Path("charts/prometheus-mirror/values.schema.json").read_text())
OPENAPI = json.loads(Path("schemas/openapi.json").read_text())
# Pages beside docs/ whose blocks users copy.
FOR_USERS = ("README.md", "charts/prometheus-mirror/README.md")
wrong: list[str] = []
counts: dict[str, int] = {}


def fits(value: object, schema: dict, where: str) -> None:
    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
        wrong.append(f"{where}: {'.'.join(map(str, error.absolute_path))}: {error.message[:200]}")


def of_openapi(path: str) -> dict:
    content = OPENAPI["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    return content["schema"] | {"components": OPENAPI["components"]}


def known(details: dict, where: str) -> None:
    """An unknown key is no error of the mirror's, and one of an example."""
    unknown = set(details) - set(DETAILS["properties"])
    if unknown:
        wrong.append(f"{where}: unknown keys {sorted(unknown)}")


def check_configuration(text: str, where: str) -> None:
    # Secrets are named, and need not be there.
    value = yaml.safe_load(text)
    fits(value, CONFIGURATION, where)
    if PROGRAM is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.yaml"
        file.write_text(text)
        names = set(re.findall(r"\$\{(\w+)", text))
        environment = {name: "a-value-of-sixteen-bytes" for name in names}
        command = [str(PROGRAM), "check-config", "--offline", str(file)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            wrong.append(f"{where}: {done.stderr or done.stdout}")


def check_block(label: str, language: str, text: str, where: str) -> None:
    kind, _, rest = label.partition(" ")
    counts[language] = counts.get(language, 0) + 1
    if language == "json":
        value = json.loads(text)
        if kind == "details":
            fits(value, DETAILS, where)
            known(value, where)
        elif kind == "request":
            fits(value, of_openapi(rest), where)
            known(value.get("connectionDetails", {}), where)
        elif kind == "configuration":
            check_configuration(text, where)
        elif kind != "answer":
            wrong.append(f"{where}: a JSON block says not what it is")
    elif language == "yaml":
        if kind == "configuration":
            check_configuration(text, where)
        elif kind == "values":
            fits(yaml.safe_load(text), VALUES, where)
        elif kind == "other:":
            yaml.safe_load(text)
        else:
            wrong.append(f"{where}: a YAML block says not what it is")
    elif language == "sh":
        if kind == "run":
            run(text, where)
        elif label.startswith("tested by "):
            check_tested(label.removeprefix("tested by "), text, where)
        elif not label.startswith("not run: "):
            wrong.append(f"{where}: a command is neither run by a test nor marked as not run")


def check_tested(by: str, text: str, where: str) -> None:
    """Whether what is said to test commands has their words."""
    by, _, note = by.partition("; ")
    step, _, file = by.partition(", in ")
    script = Path(f"scripts/steps/{step}.sh")
    if not script.exists():
        wrong.append(f"{where}: there is no step {step}")
        return
    tests = [script, *map(Path, re.findall(r"(?:scripts|tests)/[\w./-]+\w", script.read_text()))]
    if file:
        tests = [Path(file)]
    read = "\n".join(it.read_text() for it in tests if it.is_file())
    lines = [" ".join(re.sub(r"(^| )#.*", "", line).split()) for line in text.replace("\\\n", " ").splitlines()]
    commands = [line for line in lines if line]
    for command in commands[:1] if note else commands:
        # Shortened, `./quickstart.sh` is also `./quickstart.sh --check`; no line ends within a command.
        if not re.search(rf"(?<!\S){re.escape(command)}(?!\S)", read):
            wrong.append(f"{where}: {file or f'the step {step}'} has no {command}")


COMMAND = re.compile(
    r"`(?:sudo )?(?:apt|apt-get|cargo|curl|dnf|docker|dpkg|git|helm|journalctl|kubectl|prometheus-mirror|promtool|rpm|systemctl|\./\w+\.sh) [^`]+`"
)


def check_tables(page: Path, text: str) -> None:
    """Commands in the cells of a table are said to be not run, or to be run."""
    for table in re.finditer(r"(?:^<!-- (.+?) -->\n)?((?:^\|.*\n?)+)", text, re.M):
        found = COMMAND.search(table[2])
        if found and not (table[1] or "").startswith("commands not run: "):
            line = text.count("\n", 0, table.start(2) + found.start()) + 1
            wrong.append(f"{page}:{line}: {found[0]} is neither run by a test nor marked as not run")


def run(text: str, where: str) -> None:
    if PROGRAM is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/bin:{os.environ['PATH']}"
        (Path(folder) / "bin").mkdir()
        (Path(folder) / "bin" / "prometheus-mirror").symlink_to(PROGRAM)
        command = ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(
            command, cwd=folder, env={"PATH": path}, capture_output=True, text=True, timeout=20
        )
        if done.returncode:
            wrong.append(f"{where}: exit code {done.returncode}: {done.stderr[:300]}")


def check_credentials(text: str, where: str) -> None:
    """The unit's own user reads no secret of root's: each is a credential, which the unit or a
    `LoadCredential=` in the example hands over, or root's file where no unit is."""
    unit = Path("deploy/systemd/prometheus-mirror.service").read_text()
    loaded = dict(re.findall(r"^#? *LoadCredential=([\w-]+):(\S+)$", unit + text, re.M))

    def walk(name: str, value: object) -> None:
        if isinstance(value, dict):
            for key, member in value.items():
                walk(key, member)
        elif isinstance(value, list):
            for item in value:
                walk(name, item)
        elif name.endswith(("_file", "_files")) and name not in ("ca_file", "cert_file"):
            found = re.fullmatch(r"\$\{CREDENTIALS_DIRECTORY:-/etc/prometheus-mirror\}/([\w-]+)", value)
            if not found or loaded.get(found[1]) != f"/etc/prometheus-mirror/{found[1]}":
                wrong.append(f"{where}: {name}: {value} is no credential that is loaded")

    walk("", yaml.safe_load(text))


def anchors(text: str) -> set[str]:
    """The names that the forge gives to headings."""
    bare = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    found = set()
    for heading in re.findall(r"^#+ (.+)$", bare, re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", heading).replace(" ", "-"))
    return found


def check_links(page: Path, text: str) -> None:
    for target in LINK.findall(re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        to = page if not path else page.parent / path
        counts["links"] = counts.get("links", 0) + 1
        if not to.exists():
            wrong.append(f"{page}: nothing is at {target}")
        elif anchor and to.suffix == ".md" and anchor not in anchors(to.read_text()):
            wrong.append(f"{page}: no heading is called {target}")


def main() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        check=True, capture_output=True, text=True,
    )
    # What is copied stays as its makers wrote it.
    pages = [Path(it) for it in tracked.stdout.split()
             if Path(it).exists() and not it.startswith("vendor/")]
    for page in pages:
        check_links(page, text := page.read_text())
        if page.is_relative_to("docs"):
            check_tables(page, text)
        # Elsewhere blocks are for contributors.
        if page.is_relative_to("docs") or str(page) in FOR_USERS:
            for block in BLOCK.finditer(text):
                line = text.count("\n", 0, block.start()) + 1
                label, language, code = block.groups(default="")
                check_block(label, language, textwrap.dedent(code), f"{page}:{line}")
    for example in sorted(Path("deploy/examples").glob("*.yaml")):
        check_configuration(example.read_text(), str(example))
        check_credentials(example.read_text(), str(example))
    index = Path("docs/README.md").read_text()
    for page in sorted(Path("docs").glob("*.md")):
        if page.name not in ("README.md", "SUMMARY.md") and f"({page.name})" not in index:
            wrong.append(f"docs/README.md does not name {page.name}")
    if wrong:
        sys.exit("\n".join(wrong))
    told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    print(f"    {len(pages)} pages: {told}")


main()
