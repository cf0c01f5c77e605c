"""What ``privacy`` says of where language models run, and who else gets what is written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from support.commanding import Desk, text_of

import bot.app
from bot.app import App, running_app
from bot.commands.call import Caller
from bot.commands.definitions import PRIVACY
from bot.commands.language import Language
from bot.commands.parsing import Invocation
from bot.config import Settings
from bot.domain.recipient import Purpose, Recipient
from bot.generation.remote.address import parse_address
from bot.ports.scripted import ScriptedGenerator
from bot.remote_models import Where, recipients

HERE = "My language model runs there too, and sends nothing of it elsewhere."
FAR = parse_address("https://llm.example.org/secret-path/v1#name")
SUMS = parse_address("http://sums:8000/v1")
OWN = parse_address("http://localhost:8000/v1")
FOLDER = Path("/models/small")


def elsewhere(hosts: str) -> str:
    return (
        "My language models do not all run there: what you write to me, with what I remember of "
        f"you, is sent to {hosts}, and whoever runs that can read it."
    )


@pytest.mark.parametrize(
    ("locale", "here", "there"),
    [
        (
            "",
            HERE,
            elsewhere(
                "llm.example.org (to answer you, to sum up older conversations), b:1 (to "
                "answer in places that chose it)"
            ),
        ),
        (
            "zh-CN",
            "我的语言模型也在那里运行，不把这些内容发送到别处。",
            (
                "我的语言模型不全在那里运行：你写给我的内容，连同我记得的关于你的内容，会发送到"
                "llm.example.org（用来回答你、用来概括较早的谈话）、b:1（用来在选了它的地方回答），"
                "运行那里的人可以读到。"
            ),
        ),
    ],
)
async def test_it_says_who_else_gets_what_is_written(locale: str, here: str, there: str) -> None:
    far = Recipient("llm.example.org", (Purpose.ANSWERING, Purpose.SUMMARIES))
    chosen = Recipient("b:1", (Purpose.CHOSEN,))

    alone = text_of(await Desk().ask("/privacy", locale=locale)).split("\n")
    told = text_of(await Desk(sent_to=[far, chosen]).ask("/privacy", locale=locale)).split("\n")

    assert [line for line in alone if line not in told] == [here]
    assert [line for line in told if line not in alone] == [there]


@pytest.mark.parametrize(
    ("chat", "summaries", "allowed", "expected"),
    [
        (FOLDER, None, [], {}),
        (OWN, OWN, [parse_address("http://127.0.0.1:1/v1"), parse_address("http://[::1]/v1")], {}),
        (FAR, None, [], {"llm.example.org": [Purpose.ANSWERING]}),
        (FAR, FAR, [FAR, FOLDER], {"llm.example.org": [Purpose.ANSWERING, Purpose.SUMMARIES]}),
        (FOLDER, SUMS, [FOLDER], {"sums:8000": [Purpose.SUMMARIES]}),
        (
            FAR,
            FOLDER,
            [OWN, SUMS],
            {"llm.example.org": [Purpose.ANSWERING], "sums:8000": [Purpose.CHOSEN]},
        ),
        (FOLDER, SUMS, [SUMS], {"sums:8000": [Purpose.SUMMARIES, Purpose.CHOSEN]}),
    ],
)
def test_only_servers_on_other_machines_get_anything(
    chat: Where, summaries: Where | None, allowed: list[Where], expected: Mapping[str, Any]
) -> None:
    found = recipients(chat, summaries, allowed)

    assert [(one.host, list(one.purposes)) for one in found] == list(expected.items())


@asynccontextmanager
async def ellie(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: Where, **more: Any
) -> AsyncIterator[App]:
    for made in ("remote_generator", "local_generator"):
        monkeypatch.setattr(bot.app, made, lambda *_: ScriptedGenerator())
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=folder,
        compaction_schedule="off",
        model=str(FAR),
        model_api_key=SecretStr("sk-hush"),
    )
    async with running_app(settings, model="model", folder=where, **more) as app:
        yield app


async def told(app: App, locale: str = "") -> str:
    desk = Desk()
    language = Language.CHINESE if locale else Language.ENGLISH
    caller: Caller = desk.caller(locale=locale)
    return text_of(
        await app.commands.answer(Invocation(command=PRIVACY, language=language), caller)
    )


async def test_a_whole_ellie_says_where_her_models_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ellie(tmp_path, monkeypatch, FOLDER) as app:
        assert HERE in await told(app)
    async with ellie(tmp_path, monkeypatch, FAR, fallback=("small", FOLDER)) as app:
        said = await told(app)
        assert elsewhere("llm.example.org (to answer you)") in said
        assert "llm.example.org（用来回答你）" in await told(app, "zh-CN")
    assert not [secret for secret in ("hush", "secret-path", "https:") if secret in said]
    more = {"compact": ("sums", SUMS), "allowed": {"far": ("far", FAR)}}
    async with ellie(tmp_path, monkeypatch, FOLDER, **more) as app:
        assert elsewhere(
            "sums:8000 (to sum up older conversations), llm.example.org (to answer in places that "
            "chose it)"
        ) in await told(app)
