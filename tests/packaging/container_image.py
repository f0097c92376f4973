"""The image that .ci/image has built, and the containers that are made of it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest

READ_ONLY = ("--read-only", "--read-only-tmpfs=false")
RESTRICTED = (*READ_ONLY, "--cap-drop", "all", "--security-opt", "no-new-privileges")
"""What deploy/kustomize demands of a container, whoever its user is."""


def podman(*arguments: str) -> str:
    """What it prints; AssertionError with its words if it fails."""
    done = subprocess.run(
        ["podman", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, (arguments, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


@dataclass(frozen=True, slots=True)
class ContainerImage:
    """An image and its base, by what podman knows them by."""

    name: str
    base: str

    def run(self, *arguments: str, options: tuple[str, ...] = ()) -> str:
        """What its entry point prints, in a container without a network."""
        return podman(
            *("run", "--rm", "--network", "none", *RESTRICTED, *options), self.name, *arguments
        )

    def python(self, program: str) -> Any:
        """What a program of its Python prints, as JSON, by root, who can look everywhere."""
        options = ("--entrypoint", "python3", "--user", "0", "--cap-add", "dac_read_search")
        return json.loads(self.run("-c", program, options=options))

    def inspect(self) -> dict[str, Any]:
        """What podman says of it."""
        (found,) = json.loads(podman("image", "inspect", self.name))
        assert isinstance(found, dict)
        return found

    def added_bytes(self) -> int:
        """The size of what it adds to its base, unpacked."""
        sizes = [
            podman("image", "inspect", "--format", "{{.Size}}", n) for n in (self.name, self.base)
        ]
        return int(sizes[0]) - int(sizes[1])


def the_image() -> ContainerImage:
    """Where .ci/image runs the tests; else a skip."""
    if "IMAGE" not in os.environ:
        pytest.skip(".ci/image builds the image and runs this")
    return ContainerImage(os.environ["IMAGE"], os.environ["IMAGE_BASE"])
