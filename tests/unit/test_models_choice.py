"""The default model follows the memory that is really free."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from bot.generation.models.choice import available_memory, choose_default

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("available", "name"),
    [
        (64 * GB, "ellie-medium"),
        (6 * GB, "ellie-medium"),
        (6 * GB - 1, "ellie-small"),
        (0, "ellie-small"),
    ],
)
def test_under_six_gigabytes_the_small_model_is_chosen(available: int, name: str) -> None:
    assert choose_default(available).name == name


def test_the_reason_is_one_sentence_with_the_memory_and_the_setting() -> None:
    assert choose_default(3_100_000_000).reason == (
        "Using ellie-small because this machine has 3.1 GB of free memory; "
        "set ELLIE_MODEL to choose another."
    )


class Groups:
    """A made-up /sys/fs/cgroup and /proc/self/cgroup."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "cgroup"
        self.proc = folder / "self"

    def write(self, file: str, text: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    def available(self, machine_bytes: int) -> int:
        return available_memory(
            machine_bytes=machine_bytes, cgroup_root=self.root, proc_cgroup=self.proc
        )


@pytest.fixture
def groups(tmp_path: Path) -> Groups:
    return Groups(tmp_path)


def test_without_control_groups_the_machine_decides(groups: Groups) -> None:
    assert groups.available(7 * GB) == 7 * GB


def test_a_v2_container_has_its_limit_minus_its_usage(groups: Groups) -> None:
    groups.proc.write_text("0::/\n")
    groups.write("memory.max", str(4 * GB))
    groups.write("memory.current", str(1 * GB))

    assert groups.available(64 * GB) == 3 * GB


def test_cached_file_pages_count_as_free(groups: Groups) -> None:
    groups.proc.write_text("0::/\n")
    groups.write("memory.max", str(4 * GB))
    groups.write("memory.current", str(3 * GB))
    groups.write("memory.stat", f"anon 5\nfile 9\ninactive_file {2 * GB}\nactive_file 7")

    assert groups.available(64 * GB) == 3 * GB


def test_a_v2_group_without_limit_does_not_count(groups: Groups) -> None:
    groups.proc.write_text("0::/user.slice\n")
    groups.write("user.slice/memory.max", "max")
    groups.write("user.slice/memory.current", str(1 * GB))

    assert groups.available(8 * GB) == 8 * GB


def test_the_tightest_of_a_group_and_its_parents_counts(groups: Groups) -> None:
    groups.proc.write_text("0::/outer/inner\n")
    for group, limit in (("outer", 2 * GB), ("outer/inner", 5 * GB)):
        groups.write(f"{group}/memory.max", str(limit))
        groups.write(f"{group}/memory.current", "0")

    assert groups.available(8 * GB) == 2 * GB


def test_a_v1_container_has_its_limit_minus_its_usage(groups: Groups) -> None:
    """In a v1 container the path is the host's, and the mounted root is the container's own."""
    groups.proc.write_text("5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n")
    groups.write("memory/memory.limit_in_bytes", str(4 * GB))
    groups.write("memory/memory.usage_in_bytes", str(3 * GB))
    groups.write("memory/memory.stat", f"inactive_file 1\ntotal_inactive_file {GB // 2}")

    assert groups.available(64 * GB) == 3 * GB // 2


def test_an_unlimited_v1_group_does_not_count(groups: Groups) -> None:
    groups.proc.write_text("4:memory:/\n")
    groups.write("memory/memory.limit_in_bytes", "9223372036854771712")
    groups.write("memory/memory.usage_in_bytes", str(3 * GB))

    assert groups.available(8 * GB) == 8 * GB


def test_a_machine_with_less_than_the_limit_decides(groups: Groups) -> None:
    groups.proc.write_text("0::/\n")
    groups.write("memory.max", str(16 * GB))
    groups.write("memory.current", "0")

    assert groups.available(2 * GB) == 2 * GB


def test_over_the_limit_is_nothing_rather_than_less(groups: Groups) -> None:
    groups.proc.write_text("0::/\n")
    groups.write("memory.max", "1000")
    groups.write("memory.current", "2000")

    assert groups.available(2 * GB) == 0


def test_this_machine_has_some_memory_free() -> None:
    assert 0 < available_memory() <= psutil.virtual_memory().total
