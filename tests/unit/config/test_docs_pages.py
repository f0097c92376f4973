from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from exporter.cli import DEMO_ADDRESS, PROGRAM, main
from exporter.config import Config, load_config
from exporter.metrics.bounds import DEFAULT_LIMIT, LIMITS, MAX_VALUE_BYTES, OVERFLOW
from exporter.rules.lifecycles import MAX_OPEN
from exporter.rules.loading import built_in, load
from exporter.rules.patterns import (
    LONGEST_MESSAGE,
    LONGEST_PATTERN,
    MOST_STEPS,
    UnsafePatternError,
    compile_pattern,
)
from exporter.rules.patterns.pieces import MANY
from exporter.web.reviews.answers import MOST, Lifetimes
from exporter.web.reviews.reviews import Limits
from exporter.web.terms import read_terms
from exporter.web.terms.rate import Rate
from exporter.web.terms.usage import webhook_usage
from tests.docs.markdown import DOCS, filled
from tests.docs.metrics import queries
from tests.docs.pages import PAGES
from tests.packaging.commands import sh_commands
from tests.unit.web.web_config import WebConfig

TABLED = [path for path in PAGES if path.suffix == ".md"]


def yaml_blocks(page: str) -> list[str]:
    """What a page shows as YAML."""
    text = (DOCS / page).read_text("utf-8")
    return re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_committed_page_is_current(path: Path) -> None:
    """What is committed is what the declarations say today; `make generated` tells how to mend."""
    assert path.read_text(encoding="utf-8") == PAGES[path]()


def test_example_file_can_be_used(tmp_path: Path) -> None:
    """The file that the documentation shows is taken as it stands."""
    file = tmp_path / "config.yaml"
    file.write_text(yaml_blocks("configuration.md")[0], encoding="utf-8")
    config = load_config({}, {}, str(file))
    assert config.namespaces == ("shop", "payments")
    assert (config.event_ttl, config.series_limit, config.log_format) == (10_800, 20_000, "json")


def test_example_of_a_web_configuration_can_be_used(tmp_path: Path) -> None:
    """With certificates of these names beside it."""
    config = WebConfig(tmp_path, yaml_blocks("web-configuration.md")[0])
    terms = read_terms(config.path)
    assert terms.context is not None
    assert terms.context.sans == frozenset({"prometheus.monitoring.svc"})
    assert list(terms.users) == ["prometheus"]
    assert terms.headers == {"X-Frame-Options": "deny"}


def test_example_of_a_file_for_the_webhook_can_be_used(tmp_path: Path) -> None:
    """As it stands."""
    (text,) = [t for t in yaml_blocks("web-configuration.md") if "[kube-apiserver]" in t]
    terms = read_terms(WebConfig(tmp_path, text).path, webhook_usage(Config()))
    assert terms.context is not None
    assert terms.context.sans == frozenset({"kube-apiserver"})


def test_what_is_said_of_tokens_is_so() -> None:
    """The figures of docs/web-configuration.md are those of the code."""
    text = " ".join((DOCS / "web-configuration.md").read_text("utf-8").split())
    times, limits = Lifetimes(), Limits()
    assert (times.yes, times.no, times.unasked) == (60, 10, 300)
    assert "A yes holds for a minute, a no for ten seconds" in text
    assert "within the last five minutes" in text
    assert (limits.of_one, limits.at_once, limits.rate) == (8, 4, Rate(0.1, 20))
    assert f"At most {limits.waiting} wait to be asked about, eight of one address, four of" in text
    assert "ten a second after the first twenty" in text
    assert f"As many as {MOST} tokens are remembered" in text


def test_the_rules_that_are_shown_can_be_used() -> None:
    """Every rule file in docs/rules.md can be added to the built-in ones."""
    files = [text for text in yaml_blocks("rules.md") if "tests:" not in text]
    shown = [(f"shown-{place}.yaml", text) for place, text in enumerate(files)]
    book = load([*built_in(), *shown], lambda: 0.0)
    assert len(shown) >= 3
    assert {"backup-failed", "backup-completed"} <= {rule.id for rule in book.all()}


def is_safe(pattern: str) -> bool:
    try:
        compile_pattern(pattern)
    except UnsafePatternError:
        return False
    return True


def test_the_patterns_that_are_shown_are_what_is_said_of_them() -> None:
    """What docs/rules.md calls right can be used as a pattern; what it calls an error cannot."""
    rows = re.findall(
        r"^\| `(.*)` \| (right|an error)", (DOCS / "rules.md").read_text("utf-8"), re.MULTILINE
    )
    assert {said for _, said in rows} == {"right", "an error"}
    assert {p: is_safe(p) for p, _ in rows} == {p: said == "right" for p, said in rows}


def test_the_case_that_is_shown_holds(tmp_path: Path) -> None:
    """The first rule of docs/rules.md passes the test that follows it."""
    rule_file, test_file = yaml_blocks("rules.md")[:2]
    (tmp_path / "rules.yaml").write_text(rule_file, encoding="utf-8")
    (tmp_path / "rules_test.yaml").write_text(test_file, encoding="utf-8")
    assert main(["rules", "test", str(tmp_path / "rules_test.yaml")]) == 0


def test_the_case_for_audit_events_that_is_shown_holds(tmp_path: Path) -> None:
    """As that for events."""
    shown = [text for text in yaml_blocks("rules.md") if "audit_" in text]
    for name, text in zip(("rules.yaml", "rules_test.yaml"), shown, strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert main(["rules", "test", str(tmp_path / "rules_test.yaml")]) == 0


def test_documented_rules_commands_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What docs/rules.md tells to type about rules works where the project is checked out."""
    monkeypatch.chdir(DOCS.parent)
    commands = [
        command.split()[1:]
        for command in sh_commands((DOCS / "rules.md").read_text("utf-8"))
        if command.startswith(f"{PROGRAM} rules")
    ]
    assert {tuple(command[:2]) for command in commands} >= {("rules", "check"), ("rules", "test")}
    assert [main(command) for command in commands] == [0] * len(commands)


def test_numbers_in_prose_are_those_of_the_code() -> None:
    """Bounds and addresses that pages name in a sentence are the ones in force."""
    metrics, rules, configuration = (
        (DOCS / f"{name}.md").read_text("utf-8") for name in ("metrics", "rules", "configuration")
    )
    for page in (metrics, rules):
        assert f"{MAX_VALUE_BYTES} bytes" in page
        assert f"{DEFAULT_LIMIT:,}" in page
        assert f"`{OVERFLOW}`" in page
        assert f"{MAX_OPEN:,}" in page
    assert f"first {LONGEST_MESSAGE:,} characters" in rules
    assert f"{LONGEST_PATTERN:,} characters" in rules
    assert f"{MOST_STEPS:,} steps" in rules
    assert f"more than {MANY} rounds" in rules
    assert f"{LIMITS['namespace']:,} namespaces" in metrics
    assert f"`{DEMO_ADDRESS}`" in configuration


@pytest.mark.parametrize("path", TABLED, ids=lambda path: path.name)
def test_tables_have_as_many_cells_in_each_row(path: Path) -> None:
    """No text of a declaration breaks its table: a cell's own bars are escaped."""
    tables = [block.splitlines() for block in PAGES[path]().split("\n\n") if block.startswith("| ")]
    assert tables
    for lines in tables:
        bars = {line.replace("\\|", "").count("|") for line in lines}
        assert len(bars) == 1


@pytest.mark.parametrize("path", TABLED, ids=lambda path: path.name)
def test_links_within_the_documentation_have_a_target(path: Path) -> None:
    """What is linked with a # is a heading of that page, as GitHub makes anchors of headings."""
    links = re.findall(r"\]\(([\w.-]*)#([^)]+)\)", path.read_text("utf-8"))
    missing = {
        (page, anchor) for page, anchor in set(links) if anchor not in anchors(page or path.name)
    }
    assert missing == set()


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_family_has_an_example() -> None:
    """Each query asks for one family, and no two are the same."""
    asked = queries()
    assert len(set(asked)) == len(asked) > 50
    assert all(query in (DOCS / "metrics.md").read_text("utf-8") for query in asked)


def test_the_schema_is_one_that_editors_know() -> None:
    """The schema names its draft, refuses unknown keys and describes the keys of a rule."""
    schema = json.loads((DOCS / "rules.schema.json").read_text("utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    rule = schema["$defs"]["RuleSpec"]
    assert rule["additionalProperties"] is False
    assert all("description" in rule["properties"][key] for key in ("components", "message"))


def test_a_part_without_a_maker_is_an_error() -> None:
    """A page whose parts are not exactly those that are made is not written."""
    page = "<!-- made by tests/docs: one -->\nold\n<!-- end -->\n"
    assert filled(page, {"one": "new"}).splitlines()[2] == "new"
    with pytest.raises(ValueError, match="one"):
        filled(page, {"two": "new"})
