"""Everything is pinned, and everything that installs Ellie keeps to it."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OF_GPUS = ("nvidia", "cuda", "triton")
"""How the names of packages begin that torch's builds for GPUs bring along."""
ONLY_BETAS = "opentelemetry-"
"""How the names of Ray's packages begin of which there are no other versions."""
UNPINNED = {"bench-llama"}
"""Extras of a benchmark, which nothing installs: it compares with whatever version there is."""
LINES = (ROOT / "constraints.txt").read_text("utf-8").splitlines()


def pinned() -> dict[str, Version]:
    """The version of each package, by its name as the index compares names."""
    found = {}
    for line in LINES:
        if line and not line.startswith("#"):
            name, exactly, version = line.partition("==")
            assert exactly, line
            found[canonicalize_name(name)] = Version(version)
    return found


def named() -> Iterator[Requirement]:
    """What pyproject.toml asks for, in whatever extra; Ellie's own extras are not packages."""
    wanted = [*PROJECT["dependencies"]]
    for extra, requirements in PROJECT["optional-dependencies"].items():
        if extra not in UNPINNED:
            wanted += requirements
    for requirement in map(Requirement, wanted):
        if requirement.name != PROJECT["name"]:
            yield requirement


@pytest.mark.parametrize("requirement", [*named()], ids=lambda requirement: requirement.name)
def test_everything_that_is_asked_for_is_pinned_to_a_version_that_fits(
    requirement: Requirement,
) -> None:
    version = pinned()[canonicalize_name(requirement.name)]

    assert requirement.specifier.contains(version)


def test_what_the_pinned_packages_ask_for_is_pinned_too() -> None:
    pins = pinned()
    installed = {canonicalize_name(one.name): one for one in distributions()}
    assert len(installed.keys() & pins.keys()) > len(pins) - 5  # some are for other systems

    for name in installed.keys() & pins.keys():
        for line in installed[name].requires or ():
            requirement = Requirement(line)
            if requirement.name.startswith(OF_GPUS):
                continue
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                assert canonicalize_name(requirement.name) in pins, f"{name} asks for {line}"


def test_versions_fit_every_kind_of_machine() -> None:
    """No build for one kind of processor, and no part of one for GPUs."""
    pins = pinned()

    assert len(pins) == sum(bool(line) and line[0] != "#" for line in LINES)
    assert all(version.local is None for version in pins.values())
    assert [
        name
        for name, version in pins.items()
        if version.is_prerelease and not name.startswith(ONLY_BETAS)
    ] == []
    assert not [name for name in pins if name.startswith(OF_GPUS)]
    assert PROJECT["name"] not in pins
    assert not [line for line in LINES if "@" in line or "://" in line or line.startswith("-")]


@pytest.mark.parametrize("target", ["run", "test"])
def test_make_installs_nothing_else(target: str) -> None:
    """As on a fresh machine: ``-B`` has every step done."""
    planned = subprocess.run(
        ["make", "-n", "-B", target], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    installing = [line for line in planned.splitlines() if "pip install" in line]

    assert len(installing) == {"run": 2, "test": 3}[target]
    assert all("--constraint constraints.txt" in line for line in installing)
    assert '"torch==2.13.*"' in installing[0]


def test_other_versions_have_the_environment_made_anew() -> None:
    rules = (ROOT / "Makefile").read_text("utf-8").splitlines()

    [rule] = [line for line in rules if line.startswith("$(VENV)/.installed:")]
    assert {"pyproject.toml", "constraints.txt"} <= set(rule.split())


def test_the_image_installs_nothing_else() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    steps = [step for line in dockerfile.splitlines() for step in line.split("&&")]
    installing = [step for step in steps if "pip install" in step]

    assert len(installing) == 3
    for step in installing:
        # Ellie herself is installed at last, with what is there by then.
        assert "--constraint constraints.txt" in step or step.strip().endswith("--no-deps .")
    assert dockerfile.index("COPY constraints.txt") < dockerfile.index("pip install")
    assert "!constraints.txt" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
