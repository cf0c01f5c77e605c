"""``ellie models``: list, pull and remove."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from rich.console import Console
from rich.table import Table

from bot.cli.progress import ProgressBar
from bot.config import Settings
from bot.errors import UnknownModelError
from bot.generation.models.catalogue import EVERYTHING
from bot.generation.models.disk import gigabytes
from bot.generation.models.pull import pull
from bot.generation.models.sources import ModelSource, parse_source
from bot.generation.remote.address import RemoteModel
from bot.local_models import (
    CHOICES,
    ChosenModel,
    ModelRole,
    choose_allowed,
    choose_compact,
    choose_encoder,
    choose_fallback,
    choose_model,
    choose_role,
    choose_sight,
    model_store,
)
from bot.remote_models import Where


def list_models(settings: Settings, console: Console) -> None:
    """Print the built-in models and what is installed, and mark what would run."""
    store = model_store(settings)
    chosen = choose_model(settings)
    others = [choose(settings) for choose in CHOICES.values()]
    every = (chosen, *others, *choose_allowed(settings).values())
    used = [found for found in every if found]
    running = {str(found.source) for found in used}
    table = Table("", "model", "size", "installed", "what it is for", box=None, pad_edge=False)
    installed = {model.name: model for model in store.installed()}
    for name, model in EVERYTHING.items():
        found = installed.pop(name, None)
        table.add_row(
            "→" if name in running else "",
            name,
            gigabytes(model.fetched_bytes),
            gigabytes(found.bytes) if found else "no",
            model.description,
        )
    for name, found in installed.items():
        mark = "→" if name in running else ""
        table.add_row(mark, name, "", gigabytes(found.bytes), found.source)
    for found_at in dict.fromkeys(f.source for f in used if isinstance(f.source, RemoteModel)):
        table.add_row("→", str(found_at), "", "", "a server has it")
    console.print(table)
    console.print(f"Folder: {store.root}", markup=False, highlight=False, soft_wrap=True)
    if chosen.reason:
        console.print(chosen.reason, markup=False, highlight=False, soft_wrap=True)


def pull_model(settings: Settings, console: Console, name: str) -> Path:
    """Fetch a model by name, checking every byte of one that is there; the default without name."""
    chosen = ChosenModel(parse_source(name), "") if name else choose_model(settings)
    folder = _pull(settings, console, chosen, verify=True)
    console.print(f"{chosen.name} is ready: {folder}", markup=False, highlight=False)
    return folder


def ensure_model(settings: Settings, console: Console) -> tuple[str, Where]:
    """The name and folder of the model that the settings lead to, pulled first if need be.

    A server is not asked for anything.
    """
    return _ensure(settings, console, choose_model(settings))


class OtherModels(TypedDict):
    """The models beside the one that chats, by the names that ``running_app`` has for them."""

    encoder: tuple[str, Path] | None
    compact: tuple[str, Where] | None
    sight: tuple[str, Path] | None
    allowed: dict[str, tuple[str, Where]]
    roles: dict[ModelRole, tuple[str, Path]]
    fallback: tuple[str, Path] | None


def ensure_others(settings: Settings, console: Console) -> OtherModels:
    """All of them that the settings lead to, pulled if need be."""
    return {
        "encoder": ensure_encoder(settings, console),
        "compact": ensure_compact(settings, console),
        "sight": ensure_sight(settings, console),
        "allowed": ensure_allowed(settings, console),
        "roles": ensure_roles(settings, console),
        "fallback": ensure_fallback(settings, console),
    }


def ensure_encoder(settings: Settings, console: Console) -> tuple[str, Path] | None:
    """The name and folder of the sentence encoder, if there is to be one, pulled if need be."""
    chosen = choose_encoder(settings)
    return _ensure_folder(settings, console, chosen) if chosen else None


def ensure_fallback(settings: Settings, console: Console) -> tuple[str, Path] | None:
    """The name and folder of the model that answers while a server does not, pulled if need be."""
    chosen = choose_fallback(settings)
    return _ensure_folder(settings, console, chosen) if chosen else None


def ensure_compact(settings: Settings, console: Console) -> tuple[str, Where] | None:
    """The name and folder of the model of its own that writes summaries, pulled if need be."""
    chosen = choose_compact(settings)
    return _ensure(settings, console, chosen) if chosen else None


def ensure_sight(settings: Settings, console: Console) -> tuple[str, Path] | None:
    """The name and folder of the model that looks at pictures, if there is to be one."""
    chosen = choose_sight(settings)
    return _ensure_folder(settings, console, chosen) if chosen else None


def ensure_roles(settings: Settings, console: Console) -> dict[ModelRole, tuple[str, Path]]:
    """The names and folders of the models of their own that roles have, pulled if need be."""
    return {
        role: _ensure_folder(settings, console, chosen)
        for role in ModelRole
        if (chosen := choose_role(settings, role))
    }


def ensure_allowed(settings: Settings, console: Console) -> dict[str, tuple[str, Where]]:
    """The names and folders of the models that places may choose, pulled if need be.

    By what the owner calls them.
    """
    return {
        called: _ensure(settings, console, chosen)
        for called, chosen in choose_allowed(settings).items()
    }


def remove_model(settings: Settings, console: Console, name: str) -> None:
    """Delete an installed model."""
    freed = model_store(settings).remove(name)
    console.print(f"{name} is removed; {gigabytes(freed)} are free again.", markup=False)


def _ensure(settings: Settings, console: Console, chosen: ChosenModel) -> tuple[str, Where]:
    if isinstance(chosen.source, RemoteModel):
        return chosen.name, chosen.source
    return _ensure_folder(settings, console, chosen)


def _ensure_folder(settings: Settings, console: Console, chosen: ChosenModel) -> tuple[str, Path]:
    store = model_store(settings)
    if (folder := store.find(_on_disk(chosen))) is None and chosen.reason:
        console.print(chosen.reason, markup=False, highlight=False, soft_wrap=True)
    if folder is None:
        return chosen.name, _pull(settings, console, chosen, verify=False)
    store.check(folder)
    return chosen.name, folder


def _pull(settings: Settings, console: Console, chosen: ChosenModel, *, verify: bool) -> Path:
    source = _on_disk(chosen)
    with ProgressBar(console) as progress:
        return pull(source, model_store(settings), progress, verify=verify)


def _on_disk(chosen: ChosenModel) -> ModelSource:
    if isinstance(chosen.source, RemoteModel):
        raise UnknownModelError(f"{chosen.source} is a server: there is nothing to fetch from it.")
    return chosen.source
