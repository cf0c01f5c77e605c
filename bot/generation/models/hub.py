"""Models of a hub, fetched with ``huggingface_hub``, which knows ``HF_ENDPOINT`` and ``HF_TOKEN``.

``python -m bot.generation.models.hub REPO REVISION FOLDER`` is the child process that does it, so
that it can be stopped although the library cannot.
"""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from bot.errors import (
    ModelCorruptError,
    ModelError,
    ModelFetchError,
    UnknownModelError,
)
from bot.generation.models import child, disk
from bot.generation.models.folders import is_pickled
from bot.generation.models.progress import Cancelled, Progress
from bot.generation.models.sources import HubModel

_WANTED = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.spm", "*.txt")
_UNWANTED = ("*/*",)  # folders hold other formats and checkpoints of the training
_ALSO_WANTED = ("1_Pooling/config.json",)  # how a sentence encoder makes one vector of many
_LIBRARY_FOLDER = ".cache"  # where huggingface_hub keeps unfinished downloads


class FetchFromHub(Protocol):
    """Fetches a model of a hub."""

    def __call__(
        self, source: HubModel, folder: Path, *, progress: Progress, cancelled: Cancelled
    ) -> str:
        """Fetch what is missing into ``folder`` and return the exact commit.

        Raises:
            UnknownModelError: the hub has no such model or revision.
            ModelFetchError: the hub cannot be reached, refuses, or ``cancelled`` was set.
            ModelCorruptError: the model comes without safetensors weights, or incomplete.
            DiskFullError: there is no room for it.
        """


def fetch_from_hub(
    source: HubModel, folder: Path, *, progress: Progress, cancelled: Cancelled
) -> str:
    """Fetch in a child process; see ``FetchFromHub``."""
    total = done = 0

    def on_message(key: str, value: object) -> None:
        nonlocal total
        if key == "total_bytes" and isinstance(value, int):
            total = value

    def on_tick() -> None:
        nonlocal done
        arrived = min(disk.folder_bytes(folder), total)
        if arrived > done:
            done = arrived
            progress.advance(done, total)

    progress.stage(f"Fetching {source}")
    commit = child.run_module(
        "bot.generation.models.hub",
        [source.repo, source.revision or "", str(folder)],
        progress,
        cancelled,
        env={"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"},
        on_message=on_message,
        on_tick=on_tick,
        died=lambda ended: _explained(ended, source, folder),
    )
    if total > done:
        progress.advance(total, total)
    shutil.rmtree(folder / _LIBRARY_FOLDER, ignore_errors=True)
    return commit


def _explained(ended: child.Ended, source: HubModel, folder: Path) -> ModelError:
    if disk.says_full("\n".join(ended.stderr)):
        return disk.disk_full(str(source), folder)
    return ModelFetchError(
        f"{source} could not be fetched from the hub: {ended.last_words.rstrip('.')}. Check the "
        "network connection and HF_ENDPOINT, or name a built-in model."
    )


def _work(arguments: Sequence[str]) -> str:
    """The child's part."""
    repo, revision, folder = arguments[0], arguments[1] or None, Path(arguments[2])
    from huggingface_hub import errors, snapshot_download  # noqa: PLC0415  # slow to import

    source = HubModel(repo, revision)
    try:
        commit, sizes = _look_up(source)
        total = sum(sizes.values())
        child.tell(total_bytes=total)
        missing = max(0, total - disk.folder_bytes(folder))
        disk.require_free(folder, missing, str(source))
        # With the exact commit: for a branch it would return a half-finished folder when offline.
        snapshot_download(
            repo, revision=commit, local_dir=folder, allow_patterns=list(sizes), max_workers=4
        )
    except errors.GatedRepoError as error:
        raise ModelFetchError(
            f"{source} is shared only with people who accepted its terms. Accept them on the "
            "model's page on the hub, then set HF_TOKEN to an access token of that account."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise UnknownModelError(f"{repo} has no branch, tag or commit '{revision}'.") from error
    except errors.RepositoryNotFoundError as error:
        raise UnknownModelError(
            f"The hub has no model '{repo}', or it is private. Check the spelling; for a private "
            "model set HF_TOKEN."
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise ModelFetchError(
            f"{source} is not here yet and HF_HUB_OFFLINE forbids fetching it. Unset it once."
        ) from error
    except errors.LocalEntryNotFoundError as error:
        # What the library raises when a file does not come; the reason is underneath.
        reason = str(error.__cause__ or error).splitlines()[0].rstrip(".")
        raise ModelFetchError(
            f"{source} did not arrive whole: {reason}. What came is kept; pull it again."
        ) from error
    except errors.HfHubHTTPError as error:
        raise ModelFetchError(
            f"The hub answered {error.response.status_code} for {source}. Try again later; for 401 "
            "or 403 check HF_TOKEN."
        ) from error
    _require_exactly(folder, sizes, source)
    return commit


def _look_up(source: HubModel) -> tuple[str, dict[str, int]]:
    """The commit that the revision stands for, and the wanted files with their sizes."""
    from huggingface_hub import HfApi  # noqa: PLC0415

    info = HfApi().model_info(source.repo, revision=source.revision, files_metadata=True)
    names = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    sizes = {
        name: size
        for name, size in names.items()
        if name in _ALSO_WANTED
        or (
            any(fnmatch.fnmatch(name, pattern) for pattern in _WANTED)
            and not any(fnmatch.fnmatch(name, pattern) for pattern in _UNWANTED)
        )
    }
    if info.sha is None or not any(name.endswith(".safetensors") for name in sizes):
        raise ModelCorruptError(f"{source} has no safetensors weights{_instead(names)}")
    return info.sha, sizes


def _instead(names: Iterable[str]) -> str:
    """What there is in place of safetensors, and what to do."""
    if any(name.endswith(".gguf") for name in names):
        return "; it holds GGUF files: download one and set ELLIE_MODEL to its path."
    if any(is_pickled(name) for name in names):
        return (
            ", only pickled ones, and opening these can run any program that their maker put into "
            "them. Choose another model. Only if you trust whoever made this one, download it to a "
            "folder, name the folder, and set ELLIE_UNSAFE_MODELS=true."
        )
    return ", the only format Ellie loads. Choose another model."


def _require_exactly(folder: Path, sizes: dict[str, int], source: HubModel) -> None:
    """All files have arrived, and none of an earlier attempt at another commit is left."""
    for path in folder.iterdir():
        if path.is_file() and path.name not in sizes:
            path.unlink()
    for name, size in sizes.items():
        if not (folder / name).is_file() or (folder / name).stat().st_size != size:
            raise ModelFetchError(f"{name} of {source} did not arrive whole. Pull it again.")


if __name__ == "__main__":
    child.serve(_work)
