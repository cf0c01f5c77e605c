"""The models that places may choose: from the setting to the one that answers."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.dialog import ANA, HALL, Nodding
from support.random_model import save_random_model

import bot.app
from bot.app import running_app
from bot.cli.check import check
from bot.cli.models import ensure_allowed, list_models
from bot.config import Settings
from bot.config_choices import Extraction
from bot.domain.message import InboundMessage
from bot.domain.place_policy import PlacePolicy
from bot.engine.place_policies import PlacePolicies
from bot.errors import UnknownModelError
from bot.local_models import choose_allowed
from bot.ports.generation import Generator
from bot.ports.policy_source import FixedPolicy
from bot.system import SystemClock


def settings_for(tmp_path: Path, **values: Any) -> Settings:
    folders: dict[str, Any] = {"data_dir": tmp_path / "data", "models_dir": tmp_path / "models"}
    return Settings(**folders, **{"model": "ellie-small", "extraction": Extraction.RULES, **values})


def said(command: Callable[[Settings, Console], Any], settings: Settings) -> tuple[str, Any]:
    out = io.StringIO()
    result = command(settings, Console(file=out, width=200))
    return out.getvalue(), result


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        ("", {}),
        (" , ", {}),
        ("ellie-medium", {"ellie-medium": "ellie-medium"}),
        ("ellie-small, org/name,", {"ellie-small": "ellie-small", "org/name": "org/name"}),
    ],
)
def test_names_stand_between_commas(tmp_path: Path, setting: str, names: dict[str, str]) -> None:
    chosen = choose_allowed(settings_for(tmp_path, allowed_models=setting))

    assert {called: model.name for called, model in chosen.items()} == names


def test_what_cannot_chat_is_refused_before_ellie_starts(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, allowed_models="ellie-medium,ellie-encoder")

    with pytest.raises(UnknownModelError, match="cannot chat"):
        said(ensure_allowed, settings)
    text, error = said(check, settings)
    assert "✗ allowed model: " in text
    assert isinstance(error, UnknownModelError)


def test_check_says_which_will_be_fetched(tmp_path: Path) -> None:
    text, error = said(check, settings_for(tmp_path, allowed_models="org/name"))

    assert error is None
    assert "✓ allowed model: org/name, will be pulled at first start\n" in text
    assert "allowed" not in said(check, settings_for(tmp_path))[0]


def test_a_folder_is_used_where_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own"
    save_random_model(own)
    settings = settings_for(tmp_path, allowed_models=str(own))

    assert said(ensure_allowed, settings) == ("", {str(own): (str(own), own)})
    assert f"✓ allowed model: {own} in {own}\n" in said(check, settings)[0]


def test_models_marks_what_may_run(tmp_path: Path) -> None:
    text, _ = said(list_models, settings_for(tmp_path, allowed_models="ellie-tiny,ellie-small"))

    marked = [line.split()[1] for line in text.splitlines() if "→" in line]
    assert marked == ["ellie-small", "ellie-tiny"]


class Named(Nodding):
    """A model that says which folder it is from."""

    def __init__(self, name: str) -> None:
        super().__init__(lambda _: f"I am {name}.")
        self._name = name
        self.started = self.closed = 0

    @property
    def model_name(self) -> str:
        return self._name

    def start(self) -> None:
        self.started += 1

    async def close(self) -> None:
        self.closed += 1


def message(text: str, key: str) -> InboundMessage:
    return InboundMessage(
        event_key=key,
        author=ANA,
        conversation=HALL,
        text=text,
        received_at=SystemClock().now(),
    )


async def test_the_app_has_one_model_for_each_folder_and_loads_it_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Named] = {}
    rules = FixedPolicy()

    def generator(_: object, name: str, *__: object) -> Generator:
        assert name not in made
        made[name] = Named(name)
        return made[name]

    async def of(*_: object) -> PlacePolicy:
        return rules.policy

    monkeypatch.setattr(bot.app, "local_generator", generator)
    monkeypatch.setattr(PlacePolicies, "of", of)
    usual, other = tmp_path / "usual", tmp_path / "other"
    allowed = {"U": ("usual", usual), "o": ("other", other), "second name": ("other", other)}
    answers = []
    async with running_app(
        settings_for(tmp_path), model="usual", folder=usual, allowed=allowed
    ) as app:
        assert made["other"].started == 0
        for number, name in enumerate(("", "u", "o", "second name", "gone")):
            rules.policy = PlacePolicy(model=name)
            reply = await app.engine.handle(message("Who are you?", f"e{number}"))
            answers.append((await reply.outcome()).text)
        assert made["other"].started > 0

    expected = ("usual", "usual", "other", "other", "usual")
    assert answers == [f"I am {name}." for name in expected]
    assert (made["usual"].closed, made["other"].closed) == (1, 1)
