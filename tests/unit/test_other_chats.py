"""Work in one process gives way to the chat of another one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from support.compacting import CompactingDialog
from support.engine import settle

from bot.engine.chat_traffic import ChatTraffic
from bot.engine.ledger import LEASE
from bot.engine.other_chats import OtherChats


async def is_quiet(traffic: ChatTraffic) -> bool:
    waiting = asyncio.create_task(traffic.quiet(60))
    await settle()
    done = waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting})
    return done


async def test_a_turn_that_any_process_has_open_is_chat_until_it_ends() -> None:
    dialog = CompactingDialog()
    traffic = ChatTraffic()
    others = OtherChats(dialog.storage, traffic, clock=dialog.clock)
    await others.look()
    assert await is_quiet(traffic)

    dialog.generator.hold()
    reply = await dialog.engine.handle(dialog.message("Hello."))
    await settle()
    await others.look()
    await others.look()
    assert not await is_quiet(traffic)

    dialog.generator.release()
    await reply.outcome()
    await others.look()
    assert await is_quiet(traffic)


async def test_a_turn_whose_process_died_holds_nobody_up() -> None:
    dialog = CompactingDialog()
    traffic = ChatTraffic()
    others = OtherChats(dialog.storage, traffic, clock=dialog.clock)
    dialog.generator.hold()
    reply = await dialog.engine.handle(dialog.message("Hello."))
    await settle()
    dialog.clock.moment += LEASE + timedelta(seconds=1)

    await others.look()

    assert await is_quiet(traffic)
    dialog.generator.release()
    await reply.outcome()


async def test_it_looks_by_itself_and_leaves_no_trace_when_it_stops() -> None:
    dialog = CompactingDialog()
    traffic = ChatTraffic()
    others = OtherChats(dialog.storage, traffic, clock=dialog.clock)
    dialog.generator.hold()
    reply = await dialog.engine.handle(dialog.message("Hello."))
    others.start()
    await settle()
    assert not await is_quiet(traffic)

    await others.stop()

    assert await is_quiet(traffic)
    dialog.generator.release()
    await reply.outcome()
