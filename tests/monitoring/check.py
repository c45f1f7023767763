"""The monitoring mixin as it lies there: names, expressions, tests, pages. `check.py PROMTOOL`."""

import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import names  # noqa: E402

PROMTOOL = sys.argv.pop(1)
ALERTS = (names.MONITORING / "alerts.yaml").read_text()
ALERT_NAMES = re.findall(r"- alert: (\S+)", ALERTS)
SECTIONS = ["Meaning", "First look", "Usual causes", "Cure"]


class Expressions(unittest.TestCase):
    def test_a_metric_is_told_from_labels_functions_and_words(self):
        expression = 'sum by (job, le) (rate(a_total{x="b_total{}"}[5m] offset 1d)) / on (job) c:d > 2 or up == 1e3'
        self.assertEqual(names.named(expression), {"a_total", "c:d", "up"})

    def test_every_rule_is_read(self):
        rules = re.findall(r"- (?:alert|record): ", ALERTS + (names.MONITORING / "rules.yaml").read_text())
        self.assertEqual(len(list(names.in_rules())), len(rules))

    def test_they_name_only_metrics_that_there_are(self):
        known = names.registered()
        for metric, place in names.used().items():
            self.assertIn(metric, known, f"in {place}")

    def test_the_source_is_read(self):
        self.assertIn("mirror_requests_total", names.registered())
        self.assertNotIn("mirror_requests", names.registered())

    def test_those_of_dashboards_parse(self):
        """As a rule each, since that is what promtool reads."""
        lines = ["groups:", "  - name: panels", "    rules:"]
        places = []
        for place, expression in names.on_dashboards():
            expression = expression.replace("$__rate_interval", "5m").replace("$__range", "1h")
            places.append(place)
            lines += [f"      # {place}", f"      - record: panel:{len(places)}", "        expr: |",
                      f"          {expression}"]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            done = subprocess.run([PROMTOOL, "check", "rules", file.name], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreater(len(places), 50)


class Dashboards(unittest.TestCase):
    def test_panels_have_their_own_ids_and_places(self):
        for file, dashboard in names.dashboards():
            found = list(names.panels(dashboard))
            self.assertEqual(len({panel["id"] for panel in found}), len(found), file)
            taken = set()
            for panel in found:
                at = panel["gridPos"]
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                         for y in range(at["y"], at["y"] + at["h"])}
                self.assertFalse(cells & taken, f"{file}: {panel['title']}")
                self.assertLessEqual(at["x"] + at["w"], 24, f"{file}: {panel['title']}")
                taken |= cells

    def test_variables_are_all_declared(self):
        for file, dashboard in names.dashboards():
            declared = {variable["name"] for variable in dashboard["templating"]["list"]}
            text = (names.MONITORING / "dashboards" / file).read_text()
            meant = set(re.findall(r"\$\{?([a-z]+)\}?\b", text))
            self.assertLessEqual(meant, declared, file)


class Alerts(unittest.TestCase):
    def test_each_is_tested_firing_and_silent(self):
        text = "\n".join(file.read_text() for file in (names.MONITORING / "tests").glob("*.yaml"))
        for alert in ALERT_NAMES:
            after = re.findall(rf"alertname: {alert}\n.*\n( +exp_alerts:.*)\n", text)
            self.assertTrue(any(it.endswith("[]") for it in after), f"{alert}: no silent test")
            self.assertTrue(any(not it.endswith("[]") for it in after), f"{alert}: no firing test")

    def test_each_has_a_page_with_its_parts_and_no_page_is_left_over(self):
        pages = {page.stem: page for page in (names.ROOT / "docs/alerts").glob("Mirror*.md")}
        self.assertEqual(sorted(pages), sorted(ALERT_NAMES))
        for alert, page in pages.items():
            text = page.read_text()
            self.assertTrue(text.startswith(f"# {alert}\n"), page)
            self.assertEqual(re.findall(r"^## (.*)$", text, re.M), SECTIONS, page)

    def test_each_points_to_its_page(self):
        for alert in ALERT_NAMES:
            self.assertIn(f"runbook_url: docs/alerts/{alert}.md\n", ALERTS)

    def test_pages_name_only_metrics_that_there_are(self):
        known = names.registered()
        known |= {name.removesuffix("_bucket") for name in known}
        for page in (names.ROOT / "docs/alerts").glob("*.md"):
            for metric in re.findall(r"`(mirror_\w+)", page.read_text()):
                self.assertIn(metric, known, page)


if __name__ == "__main__":
    unittest.main()
