"""Checks of a run's results that need no Rust: `check.py runs DIR`, `check.py report DIR`, `check.py comparison PAGE`."""

import html.parser
import json
import pathlib
import subprocess
import sys
import tempfile

CHROMIUM = [
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=20000", "--enable-logging=stderr", "--dump-dom",
]

# Uses the page as a reader would: opens every table, changes the theme, zooms, and zooms back.
EXERCISE = """<script>
addEventListener("load", function () { setTimeout(function () {
  var did = {};
  document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  var before = getComputedStyle(document.body).backgroundColor;
  document.getElementById("theme").click();
  did.theme = before !== getComputedStyle(document.body).backgroundColor;
  var timeline = document.getElementById("timeline");
  if (timeline) {
    var whole = timeline.layout.xaxis.range.join();
    var zoom = timeline.querySelectorAll(".updatemenu-button");
    if (zoom.length) { zoom[1].dispatchEvent(new MouseEvent("click")); }
    did.zoom = !zoom.length || whole !== timeline.layout.xaxis.range.join();
  }
  document.documentElement.dataset.did = JSON.stringify(did);
}, 3000); });
</script>"""

failures = []


def check(holds, what):
    print(("ok    " if holds else "WRONG ") + what)
    if not holds:
        failures.append(what)


def runs(directory):
    """Determinism, conservation and the negative controls."""
    names = ["first", "second", "other", "debug", "no-leverage", "infinite-depth", "unlimited-insurance"]
    results = {name: json.loads((directory / f"{name}.json").read_text()) for name in names}
    first = results["first"]
    hashes = lambda name: (results[name]["events_hash"], results[name]["state_hash"])
    check(hashes("first") == hashes("second"), "two runs have the same hashes")
    check(hashes("first") == hashes("debug"), "a debug build has the same hashes")
    check(hashes("first") != hashes("other"), "another seed has other hashes")
    for name, result in results.items():
        check(result["conservation_error"] == 0, f"{name}: money is conserved")
    check(first["commands"] >= 1_000_000, f"at least 1,000,000 commands: {first['commands']:,}")
    check(first["leveraged_accounts"] >= 10_000, "at least 10,000 leveraged accounts")
    closed, leveraged = first["liquidation"]["accounts_closed"], first["leveraged_accounts"]
    check(closed * 20 >= leveraged, f"at least 5 % of the accounts are closed: {closed:,}")
    check(first["liquidation"]["insurance_paid"] > 0, "the insurance fund is drawn on")
    check((first["market"]["amplification"] or 0) > 1, "the shock is amplified")
    check(results["no-leverage"]["liquidation"]["accounts_triggered"] == 0, "no leverage, no liquidation")
    check(results["unlimited-insurance"]["liquidation"]["adl_accounts"] == 0, "unlimited insurance, no ADL")
    deep = results["infinite-depth"]["fill_rate"]["taker"]["degradation"]
    check(deep is None or abs(deep) < 0.02, f"infinite depth, no degradation: {deep}")


class Page(html.parser.HTMLParser):
    """What the browser made of the page: the marks, the exact numbers, the links."""

    def __init__(self):
        super().__init__()
        self.root, self.numbers, self.links, self.charts, self.key = {}, {}, [], [], None
        self.tables = 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            self.root = attrs
        if "data-key" in attrs:
            self.key = attrs["data-key"]
            self.numbers[self.key] = ""
        self.tables += tag == "table"
        if tag == "a":
            self.links.append(attrs.get("href", ""))
        if "chart" in attrs.get("class", "").split():
            self.charts.append(attrs["id"])

    def handle_data(self, data):
        if self.key:
            self.numbers[self.key] += data

    def handle_endtag(self, tag):
        self.key = None


def leaves(value, path=""):
    if isinstance(value, dict):
        for name, field in value.items():
            yield from leaves(field, f"{path}.{name}" if path else name)
    else:
        yield path, value


def same(text, value):
    if value is None:
        return text == "null"
    if isinstance(value, str):
        return text == value
    if isinstance(value, list):
        return json.loads(text) == value
    return float(text) == float(value)


def browse(path):
    with tempfile.TemporaryDirectory() as profile:
        command = [*CHROMIUM, f"--user-data-dir={profile}", path.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    page = Page()
    page.feed(done.stdout)
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return page, console


def exercise(source):
    """A page in a browser with its controls used: small enough, no errors, marks in every chart. Returns the page."""
    check(source.stat().st_size < 8_000_000, f"{source.name} under 8 MB: {source.stat().st_size / 1e6:.1f} MB")
    exercised = source.with_name("exercised.html")
    text = source.read_text()
    exercised.write_text(text.replace("</body>", EXERCISE + "</body>"))
    try:
        page, console = browse(exercised.resolve())
    finally:
        exercised.unlink()
    check(not console, f"nothing on the console {console[:3]}")
    check(page.root.get("data-errors") == "[]", f"no script error: {page.root.get('data-errors')}")
    marks = json.loads(page.root.get("data-marks", "{}"))
    check(len(page.charts) >= 1 and set(marks) == set(page.charts), f"charts: {page.charts}")
    empty = [chart for chart, count in marks.items() if count == 0]
    check(not empty, f"every chart has marks {empty}: {marks}")
    did = json.loads(page.root.get("data-did", "{}"))
    check(bool(did) and all(did.values()), f"the page's controls work: {did}")
    return page


def links(page, directory, least):
    """The page's links to files lead to files, and there are more than so many."""
    files = [link for link in page.links if not link.startswith("#")]
    broken = [link for link in files if not (directory / link).is_file()]
    check(len(files) > least and not broken, f"{len(files)} links lead to files {broken}")


def report(directory):
    """The report in a browser: five charts at least, its numbers equal to summary.json."""
    summary = json.loads((directory / "summary.json").read_text())
    page = exercise(directory / "report.html")
    check(len(page.charts) >= 5, f"{len(page.charts)} charts")
    exact = dict(leaves(summary))
    wrong = [key for key, value in exact.items() if not same(page.numbers.get(key, ""), value)]
    check(not wrong and len(exact) > 100, f"{len(exact)} numbers equal summary.json {wrong[:5]}")
    links(page, directory, 5)


def comparison(source):
    """A page of sweep, compare or venues in a browser, with a table beside every chart."""
    page = exercise(source)
    check(page.tables >= len(page.charts), f"{page.tables} tables beside {len(page.charts)} charts")
    links(page, source.parent, -1)


if __name__ == "__main__":
    checks = {"runs": runs, "report": report, "comparison": comparison}
    checks[sys.argv[1]](pathlib.Path(sys.argv[2]))
    if failures:
        sys.exit(f"{len(failures)} checks failed: {failures}")
