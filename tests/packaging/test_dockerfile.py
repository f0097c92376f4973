"""The Dockerfile keeps its rules. (`make lint` has hadolint, and .ci/image builds the image.)"""

from __future__ import annotations

import fnmatch
import re
import shlex
import tomllib
from pathlib import Path

from tests.packaging.commands import sh_commands

ROOT = Path(__file__).resolve().parents[2]
# One line an instruction, comments left out.
TEXT = re.sub(r"^#.*\n|\\\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
STAGES = re.split(r"^FROM ", TEXT, flags=re.MULTILINE)[1:]
FINAL = STAGES[-1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
GUIDE = (ROOT / "docs" / "image.md").read_text(encoding="utf-8")
DEFAULTS = dict(re.findall(r'^ARG (\w+)="?([^"\n]*)"?$', TEXT, re.MULTILINE))
"""The arguments of a build, and what they are if none is given."""


def test_the_image_is_built_in_stages() -> None:
    """What builds is not what runs: no pip and no compiler."""
    assert len(STAGES) == 2
    assert ["HATCH_BUILD_HOOKS_ENABLE=1" in stage for stage in STAGES] == [True, False]
    assert ["gcc" in stage for stage in STAGES] == [True, False]
    assert "pip install" not in FINAL


def test_the_user_is_numeric_and_not_root() -> None:
    """The kubelet can verify runAsNonRoot only of a number."""
    users = re.findall(r"^USER (\S+)$", FINAL, re.MULTILINE)
    assert users == ["65532:65532"]


def test_the_entrypoint_is_no_shell() -> None:
    """The exporter is process 1 and gets SIGTERM itself."""
    assert re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", FINAL, re.MULTILINE) == [
        '["kube-event-metrics"]'
    ]


def test_nothing_is_written_at_run_time() -> None:
    """The root file system may be read-only: no byte code is cached, no volume is asked for."""
    assert "PYTHONDONTWRITEBYTECODE=1" in FINAL
    assert "VOLUME" not in FINAL


def test_the_build_context_is_an_allow_list() -> None:
    """Nothing but what the image needs reaches the builder, and all that it needs does."""
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    mounted = re.findall(r"--mount=type=bind,source=([^, ]+)", TEXT)
    assert copied
    assert mounted
    needed = [*copied, *mounted]
    assert {each for each in needed if not (ROOT / each).exists()} == set()
    assert {each for each in needed if not _reaches(lines, each)} == set()
    beside = (".git", ".venv", "tests", "docs", "Makefile", "deploy/kustomize", "deploy/rbac.yaml")
    assert {each for each in beside if _reaches(lines, each)} == set()
    open_to = {line[1:] for line in lines if line.startswith("!")} - {"deploy"}
    assert {each for each in open_to if not any(n.startswith(each) for n in needed)} == set()


def _reaches(lines: list[str], path: str) -> bool:
    """Whether the builder sees it: the last line that names it, or a folder above it, decides."""
    parts = path.split("/")
    above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    seen = True
    for line in lines:
        if any(fnmatch.fnmatchcase(each, line.removeprefix("!")) for each in above):
            seen = line.startswith("!")
    return seen


def test_what_is_installed_is_locked() -> None:
    """By hashes, as wheels; the exporter itself is built of the sources, without an index."""
    pips = [c for c in re.split(r"&&|\n", TEXT) if re.search(r"/pip .*(install|wheel) ", c)]
    assert len(pips) == 4
    for command in pips:
        if "requirements.txt" in command:
            assert {"--require-hashes", "--only-binary"} <= {*command.split()}
        else:
            assert "--no-deps" in command
            assert "--no-index" in command or "--no-build-isolation" in command


def test_the_final_stage_needs_no_shell() -> None:
    """What runs there is started as it is, so the base may have none."""
    commands = re.findall(r"^RUN (?:--\S+ )*(.*)$", FINAL, re.MULTILINE)
    assert commands
    assert [each for each in commands if not each.startswith('["')] == []


def test_the_version_is_that_of_the_package() -> None:
    """In the label. (A build with another one fails; what names the image: test_versions.py.)"""
    assert DEFAULTS["VERSION"] == VERSION
    assert 'org.opencontainers.image.version="${VERSION}"' in FINAL


def test_the_image_says_what_it_is() -> None:
    """By the labels of the OCI; each that is an argument is one of this stage."""
    labels = dict(re.findall(r'org\.opencontainers\.image\.([\w.]+)="([^"]*)"', FINAL))
    given = {"version", "revision", "created", "source", "base.name"}
    assert labels.keys() == {"title", "description", "licenses", *given}
    for name in given:
        argument = labels[name].removeprefix("${").removesuffix("}")
        assert re.search(rf"^ARG {argument}\b", FINAL, re.MULTILINE)


def test_the_guide_names_the_arguments() -> None:
    """Each with its default; the commands give no others."""
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", GUIDE, re.MULTILINE))
    told = {"": "none", "${BASE}": "that of `BASE`"}
    assert table == {name: told.get(value, f"`{value}`") for name, value in DEFAULTS.items()}
    for command in sh_commands(GUIDE):
        given = re.findall(r"--build-arg ([A-Z_]+)=", command)
        assert shlex.split(command)[-1] == "."
        assert set(given) <= DEFAULTS.keys()
