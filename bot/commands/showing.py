"""``memory show``: what is remembered, whole or searched."""

from __future__ import annotations

from bot.commands.call import Call
from bot.commands.describing import FactRows, message_rows, overview, page_of
from bot.commands.episodes import episode_sections
from bot.commands.reply import CommandReply, Section
from bot.domain.fact import FactStatus
from bot.domain.memory import MemorySummary
from bot.engine.memory_view import MemoryView
from bot.memory.cutting import search_terms
from bot.ports.system import Clock

ROWS_PER_PAGE = 25
LATEST_TURNS = 20


class Showing:
    """Reads only."""

    def __init__(self, view: MemoryView, clock: Clock) -> None:
        self._view = view
        self._clock = clock

    async def show(self, call: Call) -> CommandReply:
        """All facts in groups and the latest messages, or what bears on a query; in pages."""
        if query := call.text("query"):
            return await self._search(call, query)
        summary = await self._view.show(call.identity, latest=LATEST_TURNS)
        voice = call.voice
        if summary is None or not (summary.facts or summary.turn_count):
            return CommandReply(
                lines=(voice.say("nothing"), *_settings(summary, call)),
                closing=(voice.say("nothing.hint"),),
            )
        turns = voice.count(summary.turn_count, "message")
        closing = []
        retracted = sum(fact.status is FactStatus.RETRACTED for fact in summary.facts)
        if retracted:
            closing.append(voice.say("show.retracted", facts=voice.count(retracted, "fact")))
        return _paged(
            call,
            [
                *overview(summary, self._clock.now(), voice),
                *episode_sections(summary.episodes, voice),
            ],
            title=voice.say("show.title"),
            lines=(voice.say("show.kept", turns=turns), *_settings(summary, call)),
            closing=(*closing, voice.say("show.forget")),
        )

    async def _search(self, call: Call, query: str) -> CommandReply:
        if query.lstrip("#").isdecimal():
            return await self._one(call, int(query.lstrip("#")))
        if not search_terms(query):
            return call.refused("search.empty", query=query)
        found = await self._view.search(call.identity, query)
        # What was merged stands there already, with its words, in the one that it became.
        facts = [fact for fact in found.facts if fact.status is not FactStatus.MERGED]
        if not (facts or found.turns or found.episodes):
            return call.refused("search.nothing", query=query)
        voice = call.voice
        sections = [
            Section(title=voice.say("search.facts"), rows=FactRows(found.facts, voice).rows(facts)),
            Section(title=voice.say("search.messages"), rows=message_rows(found.turns, voice)),
            *episode_sections(found.episodes, voice),
        ]
        return _paged(call, sections, title=voice.say("search.title", query=query))

    async def _one(self, call: Call, number: int) -> CommandReply:
        summary = await self._view.show(call.identity, latest=0)
        facts = summary.facts if summary else ()
        fact = next((fact for fact in facts if fact.number == number), None)
        if fact is None:
            return call.refused("fact.unknown", number=number)
        return CommandReply(sections=(Section(rows=(FactRows(facts, call.voice).row(fact),)),))


def _settings(summary: MemorySummary | None, call: Call) -> list[str]:
    person = summary.person if summary else None
    lines = []
    if person and person.paused:
        lines.append(call.voice.say("show.paused"))
    if person and person.incognito:
        lines.append(call.voice.say("show.incognito"))
    return lines


def _paged(
    call: Call,
    sections: list[Section],
    *,
    title: str,
    lines: tuple[str, ...] = (),
    closing: tuple[str, ...] = (),
) -> CommandReply:
    page = call.number("page") or 1
    shown, pages = page_of(sections, page, ROWS_PER_PAGE)
    if page > pages:
        return call.refused("show.page.none", page=page, pages=pages)
    if pages > 1:
        key = "show.page.last"
        if page < pages:
            key = "show.page.search" if call.text("query") else "show.page"
        remark = call.voice.say(
            key, page=page, pages=pages, next=page + 1, query=call.text("query")
        )
        closing = (remark, *closing)
    return CommandReply(
        title=title, lines=lines, sections=shown, closing=closing, page=page, pages=pages
    )
