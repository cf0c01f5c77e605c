"""The folder that holds every model Ellie fetched or converted."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import ModelCorruptError, ModelError, UnknownModelError
from bot.generation.models import manifest
from bot.generation.models.folders import check_folder
from bot.generation.models.progress import Cancelled, Never, Progress, stop_if
from bot.generation.models.sources import BuiltIn, GgufFile, HubModel, LocalFolder, ModelSource

_KEY_CHARACTERS = 8
_LOCK_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A complete model in the store."""

    name: str
    source: str
    folder: Path
    bytes: int


PACKED = ".packed"
"""The folder of packed weights, each file named after the folder of the model it was made from."""


class ModelStore:
    """Models below ``root``: one folder each, plus hidden ones for locks and unfinished work.

    Unfinished work is on the same disk, so that a finished model appears with one atomic rename.
    """

    def __init__(self, root: Path, *, allow_pickled: bool = False) -> None:
        """``allow_pickled``: the owner's own folders may hold pickled weights."""
        self.root = root
        self._allow_pickled = allow_pickled

    def folder(self, source: ModelSource) -> Path:
        """Where this model lives, or will once it is pulled."""
        match source:
            case LocalFolder(path):
                return path
            case BuiltIn(model):
                return self.root / f"{model.name}-{model.sha256[:_KEY_CHARACTERS]}"
            case HubModel(repo):
                return self.root / f"hub-{_slug(repo.replace('/', '--'))}-{_key(str(source))}"
            case GgufFile(path):
                return self.root / f"gguf-{_slug(path.stem)}-{_key(_identity(path))}"

    def partial(self, source: ModelSource) -> Path:
        """Where work on this model goes on until it is complete."""
        return self.root / ".partial" / self.folder(source).name

    def find(self, source: ModelSource) -> Path | None:
        """The folder to load this model from; ``None`` when it has to be pulled first.

        Says nothing about damage: see ``check``.
        """
        folder = self.folder(source)
        if isinstance(source, LocalFolder):
            return folder if folder.is_dir() else None
        return folder if (folder / manifest.MANIFEST).is_file() else None

    def installed(self) -> list[InstalledModel]:
        """Every complete model by name; one with a damaged manifest goes by its folder's name."""
        models = []
        for file in self.root.glob(f"[!.]*/{manifest.MANIFEST}"):
            folder = file.parent
            try:
                found = manifest.read_manifest(folder)
            except ModelCorruptError:
                models.append(InstalledModel(folder.name, "damaged", folder, 0))
                continue
            if found is not None:
                models.append(InstalledModel(found.name, found.source, folder, found.total_bytes))
        return sorted(models, key=lambda model: model.name)

    def check(self, folder: Path) -> None:
        """Look for damage that shows without reading the weights: missing files, wrong sizes.

        Works for any model folder; one without Ellie's manifest is judged by its contents.

        Raises:
            ModelCorruptError: says which file and how to repair it.
        """
        if (found := manifest.read_manifest(folder)) is None:
            check_folder(folder, allow_pickled=self._allow_pickled)
        else:
            manifest.check_sizes(folder, found)

    def verify(
        self, folder: Path, progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> None:
        """Compare every byte with the manifest; seconds per GB. Without a manifest, as ``check``.

        Raises:
            ModelCorruptError: says which file and how to repair it.
        """
        if (found := manifest.read_manifest(folder)) is None:
            check_folder(folder, allow_pickled=self._allow_pickled)
        else:
            manifest.check_hashes(folder, found, progress, cancelled)

    def remove(self, name: str) -> int:
        """Delete a model by its name or folder name and return the bytes it took.

        Raises:
            UnknownModelError: no such model is installed.
            ModelError: another process is fetching it.
        """
        models = self.installed()
        found = next((model for model in models if name in {model.name, model.folder.name}), None)
        if found is None:
            names = ", ".join(model.name for model in models) or "none"
            raise UnknownModelError(f"No model '{name}' is installed. Installed: {names}.")
        try:
            with self._lock(found.folder.name).acquire(timeout=0):
                self.discard(found.folder)
                shutil.rmtree(self.root / ".partial" / found.folder.name, ignore_errors=True)
                for packed in (self.root / PACKED).glob(f"{found.folder.name}-*"):
                    packed.unlink(missing_ok=True)
        except Timeout as error:
            raise ModelError(
                f"{name} is being fetched by another process. Try again when it is done."
            ) from error
        return found.bytes

    def discard(self, folder: Path) -> None:
        """Delete a model's folder; a crash halfway does not leave one that looks complete."""
        (folder / manifest.MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder)

    @contextmanager
    def locked(
        self,
        source: ModelSource,
        *,
        waiting: Callable[[], None],
        cancelled: Cancelled | None = None,
    ) -> Iterator[None]:
        """Keep every other process away from this model; calls ``waiting`` once if one is at it.

        Raises:
            ModelFetchError: ``cancelled`` was set while waiting.
        """
        stop = cancelled or Never()
        lock = self._lock(self.folder(source).name)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            while not lock.is_locked:
                stop_if(stop)
                try:
                    lock.acquire(timeout=_LOCK_POLL_SECONDS)
                except Timeout:
                    continue
        try:
            yield
        finally:
            lock.release()

    def _lock(self, folder_name: str) -> FileLock:
        locks = self.root / ".locks"
        locks.mkdir(parents=True, exist_ok=True)
        return FileLock(locks / f"{folder_name}.lock")


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_CHARACTERS]


def _identity(path: Path) -> str:
    """Changes when the file does, without reading gigabytes at every start."""
    try:
        status = path.stat()
    except OSError as error:
        raise UnknownModelError(f"{path} cannot be read: {error.strerror}") from error
    return f"{path}|{status.st_size}|{status.st_mtime_ns}"
