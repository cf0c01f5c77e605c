"""What can go wrong in a conversion is explained; the real one runs in the integration tests."""

from __future__ import annotations

import errno
import shutil
import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.gguf_files import GgufParts

from bot.errors import DiskFullError, ModelCorruptError, ModelError, ModelFetchError
from bot.generation.models import convert, disk
from bot.generation.models.child import Ended
from bot.generation.models.progress import Never, NoProgress


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF" + bytes(96))
    return path


@pytest.mark.parametrize("code", [-signal.SIGKILL, 128 + signal.SIGKILL])
def test_a_kill_is_explained_as_lack_of_memory(gguf: Path, code: int) -> None:
    error = convert._explained(Ended(code, ()), gguf, gguf.parent, "toy")

    assert "memory ran out" in str(error)
    assert "about 0.0 MB of free memory" in str(error)


def test_a_refused_allocation_is_explained_as_lack_of_memory(gguf: Path) -> None:
    ended = Ended(1, ("RuntimeError: DefaultCPUAllocator: can't allocate memory: 12",))

    assert "memory ran out" in str(convert._explained(ended, gguf, gguf.parent, "toy"))


def test_a_full_disk_is_recognised_in_what_the_library_says(gguf: Path) -> None:
    said = 'SafetensorError: I/O error: Os { code: 28, message: "No space left on device" }'

    error = convert._explained(Ended(1, (said,)), gguf, gguf.parent, "toy")

    assert isinstance(error, DiskFullError)
    assert "`ellie models pull toy`" in str(error)


def test_any_other_end_is_told_with_its_last_line(gguf: Path) -> None:
    ended = Ended(1, ("Traceback", "ValueError: GGUF model with architecture x is not supported"))

    error = convert._explained(ended, gguf, gguf.parent, "toy")

    assert type(error) is ModelError
    assert "architecture x is not supported" in str(error)


def test_a_file_of_no_known_model_is_a_model_error(gguf: Path, tmp_path: Path) -> None:
    """The real child process, which fails before it reads any weights."""
    (tmp_path / "out").mkdir()
    gguf.write_bytes(GgufParts().built())

    with pytest.raises(ModelError, match="toy could not be converted"):
        convert.convert_gguf(
            gguf, tmp_path / "out", name="toy", progress=NoProgress(), cancelled=Never()
        )


def test_a_file_that_only_begins_like_gguf_reaches_no_library(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("bot.generation.models.child.run_module")

    with pytest.raises(ModelCorruptError, match="its version is 0"):
        convert.convert_gguf(
            gguf, tmp_path / "out", name="toy", progress=NoProgress(), cancelled=Never()
        )


def test_a_model_whose_replies_would_not_end_is_refused() -> None:
    with pytest.raises(ModelCorruptError, match="end"):
        convert.require_chat(SimpleNamespace(chat_template="{{ x }}", eos_token=None), "toy")


@pytest.mark.parametrize("template", ["{{ x }}", "", None])
def test_a_model_that_can_chat_is_accepted(template: str | None) -> None:
    convert.require_chat(SimpleNamespace(chat_template=template, eos_token="</s>"), "toy")


def test_free_space_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    assert disk.free_bytes(tmp_path / "not" / "yet") == pytest.approx(
        shutil.disk_usage(tmp_path).free, rel=0.1
    )


def test_too_little_space_says_how_much_is_needed_free_and_where(tmp_path: Path) -> None:
    with pytest.raises(DiskFullError) as caught:
        disk.require_free(tmp_path, 4_700_000_000, "toy", free=lambda _: 1_200_000_000)

    message = str(caught.value)
    assert "needs 4.7 GB" in message
    assert "only 1.2 GB are free" in message
    assert str(tmp_path) in message


def test_just_enough_space_is_enough(tmp_path: Path) -> None:
    disk.require_free(tmp_path, 100, "toy", free=lambda _: 100)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_is_explained(tmp_path: Path, number: int) -> None:
    with pytest.raises(DiskFullError, match="The disk filled up"), disk.explained("toy", tmp_path):
        raise OSError(number, "full")


def test_a_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    with (
        pytest.raises(ModelFetchError, match=r"Permission denied.*ELLIE_MODELS_DIR"),
        disk.explained("toy", tmp_path),
    ):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_folder_is_measured_while_it_changes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            (tmp_path / "a" / "b").mkdir(parents=True, exist_ok=True)
            (tmp_path / "a" / "b" / "empty").touch()
            shutil.rmtree(tmp_path / "a")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        assert {disk.folder_bytes(tmp_path) for _ in range(3000)} == {5}
    finally:
        stop.set()
        thread.join()


def test_other_errors_pass_unchanged(tmp_path: Path) -> None:
    with pytest.raises(ModelCorruptError), disk.explained("toy", tmp_path):
        raise ModelCorruptError
