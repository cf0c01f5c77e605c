"""What ``ellie doctor`` finds outside of the database: permissions and models."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.config import Settings
from bot.errors import ModelCorruptError, ModelError
from bot.generation.models.kinds import describe_kind
from bot.generation.models.sources import ModelSource
from bot.generation.remote.address import RemoteModel
from bot.local_models import CHOICES, ChosenModel, choose_allowed, choose_model, model_store
from bot.remote_models import ask_server

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; what to do is in its text when it is not well."""

    subject: str
    text: str
    is_well: bool = True


def of_permissions(settings: Settings) -> Iterator[Finding]:
    """Whether others on this machine may read what is in the data folder."""
    folder = settings.data_dir
    if os.name != "posix" or not folder.is_dir():
        return
    if not stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding("data folder", f"{folder} is closed to others")
        return
    # Whoever may not enter the folder reaches nothing in it; so what is in it matters only now.
    open_to_others = sorted(filter(_is_open_to_others, folder.rglob("*")))
    if not open_to_others:
        yield Finding("data folder", f"others may enter {folder}, and read nothing in it")
        return
    names = ", ".join(path.name for path in open_to_others[:_SHOWN])
    more = "" if len(open_to_others) <= _SHOWN else " and more"
    yield Finding(
        "data folder",
        f"others on this machine may read {names}{more} in {folder}. Run: chmod -R go= {folder}",
        is_well=False,
    )


def _is_open_to_others(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:  # gone by now, as the log beside the database may be
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o077)


def of_models(settings: Settings, *, thoroughly: bool) -> Iterator[Finding]:
    """Whether models are what they should be; byte by byte when ``thoroughly``."""
    chosen: list[tuple[str, ChosenModel]] = []
    try:
        chosen.append(("model", choose_model(settings)))
        others = {subject: choose(settings) for subject, choose in CHOICES.items()}
        chosen += [(subject, other) for subject, other in others.items() if other]
        served = [c for c in choose_allowed(settings).values() if isinstance(c.source, RemoteModel)]
        chosen += [("allowed model", other) for other in served]
    except ModelError as error:
        yield Finding("model", str(error), is_well=False)
    for subject, model in chosen:
        if isinstance(model.source, RemoteModel):
            yield _of_server(settings, subject, model.source)
        else:
            yield from _of_folder(settings, subject, model.source, thoroughly=thoroughly)


def _of_folder(
    settings: Settings, subject: str, source: ModelSource, *, thoroughly: bool
) -> Iterator[Finding]:
    """Whether the files of a model are right."""
    store = model_store(settings)
    folder = store.find(source)
    if folder is None:
        yield Finding(subject, f"{source} is not fetched yet")
        return
    try:
        if thoroughly:
            store.verify(folder)
        else:
            store.check(folder)
    except ModelError as error:
        yield Finding(subject, str(error), is_well=False)
        return
    how = "every byte is right" if thoroughly else "its files are there, with their sizes"
    yield Finding(subject, f"{source}: {how}")
    if subject == "model":
        yield from _of_kind(folder)


def _of_server(settings: Settings, subject: str, model: RemoteModel) -> Finding:
    """Whether a model server answers."""
    try:
        found = asyncio.run(ask_server(settings, model))
    except ModelError as error:
        return Finding(subject, str(error), is_well=False)
    window = f"{found.context_tokens} tokens" if found.context_tokens else "unknown"
    return Finding(subject, f"{model} answers: {found.model}, context window {window}")


def _of_kind(folder: Path) -> Iterator[Finding]:
    """What is unusual about a model that is to chat, where its files tell."""
    try:
        kind = describe_kind(folder)
    except ModelCorruptError:  # whether files are damaged was looked at by now
        return
    if not kind.has_template:
        yield Finding(
            "model",
            "it has no chat template, so it may not have been trained to chat. It is given a plain "
            "dialogue to go on with",
        )
    if not kind.is_batched:
        yield Finding("model", "it writes one reply at a time: models of its kind know no batches")
