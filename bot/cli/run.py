"""``ellie run`` with a platform's token: answer there until told to stop.

The cheap checks come first: a token that is not accepted shows at once, and not after minutes of
fetching a model.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from pydantic import SecretStr
from rich.console import Console

from bot.app import App, running_app
from bot.cli.models import ensure_model, ensure_others
from bot.config import Settings
from bot.log import get_logger

DELIVERY_SECONDS = 15.0
"""How long an adapter may take to deliver the last replies, once all are written."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = get_logger(__name__)


class Adapter(Protocol):
    """One platform, as the command line starts and stops it."""

    async def run(self) -> None:
        """Connect and answer. Returns after :meth:`stop`, once every reply is delivered.

        Raises:
            PlatformError: the platform cannot be used.
        """

    async def stop(self) -> None:
        """Take no more messages, from now on."""


def serve(settings: Settings, console: Console) -> None:
    """Answer on every platform whose token is set, until SIGTERM or Ctrl-C.

    Raises:
        EllieError: Ellie cannot start, or a platform cannot be used any more.
    """
    if not asyncio.run(_admitted(settings, console)):
        return
    name, folder = ensure_model(settings, console)
    others = ensure_others(settings, console)

    async def run() -> None:
        with stop_signals() as told:
            async with running_app(settings, model=name, folder=folder, **others) as app:
                await side_by_side(
                    _adapters(app, settings),
                    told=told,
                    drain=lambda: app.engine.stop(settings.shutdown_grace_seconds),
                )

    asyncio.run(run())


def _adapters(app: App, settings: Settings) -> list[Adapter]:
    made = [
        (settings.discord_token, discord_adapter),
        (settings.slack_bot_token, slack_adapter),
    ]
    return [make(app, settings) for token, make in made if token]


def discord_adapter(app: App, settings: Settings) -> Adapter:
    """Discord, handed what it works with."""
    from adapters.discord.adapter import (  # noqa: PLC0415 - loads discord.py
        DiscordAdapter,
        Options,
        Services,
    )

    return DiscordAdapter(
        Services(
            engine=app.engine,
            commands=app.commands,
            control=app.control,
            policies=app.policies,
            deliveries=app.deliveries,
            feedback=app.feedback,
            health=app.health,
        ),
        Options(
            token=_secret(settings.discord_token),
            state_file=settings.data_dir / "discord-commands.json",
            message_content=settings.discord_message_content,
            context_messages=settings.discord_context_messages,
        ),
    )


def slack_adapter(app: App, settings: Settings, *, base_url: str = "") -> Adapter:
    """Slack, handed what it works with. ``base_url`` is for a Slack that is not the real one."""
    from adapters.slack.adapter import (  # noqa: PLC0415 - loads Bolt
        Options,
        Services,
        SlackAdapter,
    )
    from adapters.slack.web import API_URL  # noqa: PLC0415 - so does this

    return SlackAdapter(
        Services(
            engine=app.engine,
            commands=app.commands,
            control=app.control,
            policies=app.policies,
            deliveries=app.deliveries,
            feedback=app.feedback,
            participation=app.participation,
            erasure=app.erasure,
            health=app.health,
            clock=app.clock,
        ),
        Options(
            bot_token=_secret(settings.slack_bot_token),
            app_token=_secret(settings.slack_app_token),
            signing_secret=_secret(settings.slack_signing_secret),
            host=settings.slack_host,
            port=settings.slack_port,
            context_messages=settings.slack_context_messages,
            erase_on_uninstall=settings.slack_erase_on_uninstall,
            base_url=base_url or API_URL,
        ),
    )


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


async def side_by_side(
    adapters: Sequence[Adapter], *, told: asyncio.Event, drain: Callable[[], Awaitable[None]]
) -> None:
    """Run adapters until ``told`` to stop or one of them ends, then stop all in order.

    The order: no adapter takes messages any more, replies in progress end (``drain``), adapters
    deliver them and disconnect.

    Raises:
        PlatformError: the first one that an adapter ended with.
    """
    tasks = [asyncio.create_task(adapter.run()) for adapter in adapters]
    waiting = asyncio.create_task(told.wait())
    try:
        ended, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        first = [task for task in tasks if task in ended]
    finally:
        waiting.cancel()
        await _stop(adapters, tasks, drain)
    in_order = [*first, *(task for task in tasks if task not in first)]
    errors = [error for task in in_order if not task.cancelled() and (error := task.exception())]
    for error in errors[1:]:
        log.error("platform_ended", reason=str(error) or type(error).__name__)
    if errors:
        raise errors[0]


async def _stop(
    adapters: Sequence[Adapter],
    tasks: Sequence[asyncio.Task[None]],
    drain: Callable[[], Awaitable[None]],
) -> None:
    stopped = await asyncio.gather(
        *(adapter.stop() for adapter in adapters), return_exceptions=True
    )
    for error in stopped:
        if error is not None:
            log.error("adapter_not_stopped", exc_info=error)
    await drain()
    _, late = await asyncio.wait(tasks, timeout=DELIVERY_SECONDS)
    for task in late:
        log.error("adapter_did_not_end", after_seconds=DELIVERY_SECONDS)
        task.cancel()
    if late:
        await asyncio.wait(late)


async def _admitted(settings: Settings, console: Console) -> bool:
    """Whether to go on: False when told to stop while waiting for a network.

    Raises:
        PlatformError: a token is not accepted, or a platform not reached in all that time.
    """
    with stop_signals() as told:
        waiting = asyncio.create_task(told.wait())
        asking = asyncio.create_task(_introduce(settings, console))
        await asyncio.wait([waiting, asking], return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, asking):
            task.cancel()
        await asyncio.wait([waiting, asking])
        return not asking.cancelled() and asking.result()


async def _introduce(settings: Settings, console: Console) -> bool:
    if settings.discord_token:
        console.print(await _on_discord(settings), markup=False, highlight=False, soft_wrap=True)
    if settings.slack_bot_token:
        console.print(await _in_slack(settings), markup=False, highlight=False, soft_wrap=True)
    return True


async def _on_discord(settings: Settings) -> str:
    from adapters.discord.connecting import look_up, require_content  # noqa: PLC0415 - so does this
    from adapters.discord.intents import invite_link  # noqa: PLC0415

    account = await look_up(_secret(settings.discord_token))
    if settings.discord_message_content:
        require_content(account)
    link = invite_link(account.application_id)
    return f"On Discord, Ellie is {account.name}. To add her to a server: {link}"


async def _in_slack(settings: Settings) -> str:
    from adapters.slack.connecting import check_app_token, look_up  # noqa: PLC0415 - so does this

    workspace = await look_up(_secret(settings.slack_bot_token))
    if settings.slack_app_token:
        await check_app_token(_secret(settings.slack_app_token), app_id=workspace.app_id)
    return f"In Slack, Ellie is {workspace.bot_name} in {workspace.team_name}."


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """Set by the first SIGTERM or Ctrl-C. A second Ctrl-C ends the program without waiting."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def tell() -> None:
        told.set()
        loop.remove_signal_handler(signal.SIGINT)

    # Windows has none of this: Ctrl-C cancels the program there, which stops in order just as well.
    with suppress(NotImplementedError):
        for number in _SIGNALS:
            loop.add_signal_handler(number, tell)
    try:
        yield told
    finally:
        with suppress(NotImplementedError):
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
