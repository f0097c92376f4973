"""What is in the image, and what is not."""

from __future__ import annotations

import re
import secrets
import signal
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.envtest.process import ServerProcess
from tests.packaging.container_image import RESTRICTED, ContainerImage, podman, the_image

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
_LIMIT_BYTES = 120_000_000

_FILES = """
import json, os
found = {}
for place, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if not os.path.ismount(os.path.join(place, f))]
    for name in folders + files:
        path = os.path.join(place, name)
        status = os.lstat(path)
        found[path] = [status.st_mode, status.st_uid]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def image() -> ContainerImage:
    """The one that was built."""
    return the_image()


@pytest.fixture(scope="module")
def files(image: ContainerImage) -> dict[str, tuple[int, int]]:
    """Mode and owner of all there is, by path."""
    found = {path: (mode, owner) for path, (mode, owner) in image.python(_FILES).items()}
    assert "/opt/venv/bin/kube-event-metrics" in found
    return found


def test_it_is_the_compiled_exporter_of_this_version(image: ContainerImage) -> None:
    """Its entry point says so; its label says the same."""
    assert image.run("--version") == f"kube-event-metrics {VERSION} (compiled)\n"
    labels = image.inspect()["Labels"]
    assert labels["org.opencontainers.image.version"] == VERSION
    assert re.fullmatch("[0-9a-f]{40}", labels["org.opencontainers.image.revision"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", labels["org.opencontainers.image.created"])
    assert labels["org.opencontainers.image.base.name"] == image.base


def test_the_entry_point_is_all_that_runs(image: ContainerImage) -> None:
    """By a numeric user; nothing is left of what the base would run."""
    config: dict[str, Any] = image.inspect()["Config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["kube-event-metrics"]
    assert not config.get("Cmd")
    assert "Healthcheck" not in config
    assert config.get("ExposedPorts", {}).keys() == {"10360/tcp"}


def test_no_pip_and_no_compiler(files: dict[str, tuple[int, int]]) -> None:
    """Neither ours nor the base's, which has a pip: nothing can be installed or built there."""
    packages = r".*/(pip|pip[-\d].*|ensurepip|setuptools|wheel|hatch.*|mypyc?)"
    programs = r".*/s?bin/(cc|gcc.*|[cg]\+\+.*|(.*-)?(as|ld|strip))"
    unwanted = re.compile(f"{packages}|{programs}")
    assert [path for path in files if unwanted.fullmatch(path)] == []


def test_the_base_has_a_pip(image: ContainerImage) -> None:
    """As the official image of Python has: that it is gone from ours is our doing."""
    pip = ("-m", "pip", "--version")
    assert podman("run", "--rm", "--network", "none", image.base, "python3", *pip).startswith(
        "pip "
    )


def test_nothing_of_the_build_is_left(files: dict[str, tuple[int, int]]) -> None:
    """No sources of ours, no tests, no folder that a step was given."""
    ours = re.compile(
        r"/(src|dist|steps|opt/build)|/opt/venv/.*/tests?|/etc/pip\.conf|/root/\.cache/.+"
    )
    assert [path for path in files if ours.fullmatch(path)] == []


def test_all_is_roots_and_read_only(files: dict[str, tuple[int, int]]) -> None:
    """Our user could not write to it even if the root file system were writable, and no file of
    ours gives other rights than those of who starts it.
    """
    ours = {p: each for p, each in files.items() if p.startswith("/opt/")}
    links = 0o120000
    wrong = [
        path
        for path, (mode, owner) in ours.items()
        if owner or (mode & 0o170000 != links and mode & 0o6022)
    ]
    assert wrong == []


def test_each_module_has_byte_code(files: dict[str, tuple[int, int]]) -> None:
    """Of ours and of the packages: a read-only file system cannot be given any later."""
    sources = [Path(p) for p in files if p.startswith("/opt/venv/lib") and p.endswith(".py")]
    stems = {path.rpartition(".cpython")[0] for path in files if path.endswith(".pyc")}
    assert len(sources) > 500
    assert [s for s in sources if f"{s.parent}/__pycache__/{s.stem}" not in stems] == []


def test_a_start_compiles_nothing(
    image: ContainerImage, files: dict[str, tuple[int, int]], tmp_path: Path
) -> None:
    """Not even of the standard library, of which the base has no byte code. It is the demo that
    starts, which needs a directory for temporary files and no shell, and ends in order.
    """
    name = f"kube-event-metrics-demo-{secrets.token_hex(4)}"
    shells = [p for p in files if re.fullmatch(r"/usr/bin/(ba|da|a|z|k)?sh", p)]
    options = (
        *(*RESTRICTED, "--network", "none", "--tmpfs", "/tmp", "--env", "PYTHONVERBOSE=1"),
        *(f"--volume=/dev/null:{path}:ro" for path in shells),
    )
    command = ("podman", "run", "--rm", "--name", name, *options, image.name, "demo")
    process = ServerProcess(command, tmp_path / "demo.log")
    try:
        process.wait_for(lambda: "look at http" in process.output(), "says where to look", 60)
        assert process.stop(signal.SIGTERM, within=30) == 0
    finally:
        podman("rm", "--force", "--ignore", "--time", "0", name)
    output = process.output()
    assert output.count(" matches /") > 300
    assert re.findall("^# code object from '?(.*?py)'?$", output, re.MULTILINE) == []


def test_its_size_is_as_documented(image: ContainerImage) -> None:
    """What it adds to its base, within a tenth of what docs/image.md says, and below the bar."""
    added = image.added_bytes()
    guide = (ROOT / "docs" / "image.md").read_text(encoding="utf-8")
    documented = re.search(r"adds (\d+) MB to its base", guide)
    assert documented
    assert added < _LIMIT_BYTES
    assert added / 1e6 == pytest.approx(int(documented[1]), rel=0.1)
