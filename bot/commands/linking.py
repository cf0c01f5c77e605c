"""``link`` and ``unlink``: one memory for several accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.commands.call import Call
from bot.commands.reply import CommandReply, Confirmation, ReplyKind, Row, Section
from bot.domain.identity import IdentityRef
from bot.domain.link import CODE_LIFETIME
from bot.engine.linking import Holdings, Joining, Linking, LinkRefusal


class LinkCommands:
    """Both show whose memory it is about before anything changes."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def link(self, call: Call) -> CommandReply:
        """A new code, or with a code the question whether to join."""
        code = call.text("code")
        return await self._offer(call, code) if code else await self._issue(call)

    async def _issue(self, call: Call) -> CommandReply:
        issued = await self._linking.issue(call.identity)
        if isinstance(issued, LinkRefusal):
            return call.refused(f"link.{issued.value}")
        half = len(issued.code) // 2
        code = f"{issued.code[:half]}-{issued.code[half:]}"
        minutes = int(CODE_LIFETIME.total_seconds()) // 60
        return CommandReply(
            kind=ReplyKind.DONE,
            lines=(
                call.voice.say("link.code", code=code),
                call.voice.say("link.how", code=code, minutes=minutes),
            ),
        )

    async def _offer(self, call: Call, code: str) -> CommandReply:
        joining = await self._linking.preview(call.identity, code)
        if isinstance(joining, LinkRefusal):
            return call.refused(f"link.{joining.value}")

        async def answer(agreed: bool) -> CommandReply:
            if not agreed:
                return call.done("link.kept")
            joined = await self._linking.redeem(call.identity, code)
            if isinstance(joined, LinkRefusal):
                return call.refused(f"link.{joined.value}")
            reply = call.done("link.done", **_counted(call, joined))
            return replace(reply, sections=(Section(rows=_accounts(call, joined.identities)),))

        return CommandReply(
            kind=ReplyKind.QUESTION,
            title=call.voice.say("link.title"),
            sections=_joined(call, joining),
            confirmation=Confirmation(question=call.voice.say("link.ask"), answer=answer),
        )

    async def unlink(self, call: Call) -> CommandReply:
        """The question whether to part this account from the others."""
        others = await self._linking.linked(call.identity)
        if not others:
            return call.refused("unlink.not_linked")

        async def answer(agreed: bool) -> CommandReply:
            if not agreed:
                return call.done("unlink.kept")
            left = await self._linking.unlink(call.identity)
            if isinstance(left, LinkRefusal):
                return call.refused("unlink.not_linked")
            return call.done("unlink.done", **_counted(call, left))

        own = Row(text=_account(call, call.identity), marks=(call.voice.say("unlink.this"),))
        return CommandReply(
            kind=ReplyKind.QUESTION,
            title=call.voice.say("unlink.title"),
            sections=(Section(rows=(own, *_accounts(call, others))),),
            confirmation=Confirmation(question=call.voice.say("unlink.ask"), answer=answer),
        )


def _joined(call: Call, joining: Joining) -> tuple[Section, ...]:
    sections = [
        Section(title=call.voice.say(key), rows=_held(call, holdings))
        for key, holdings in (("link.own", joining.own), ("link.other", joining.other))
    ]
    if joining.conflicts:
        rows = tuple(
            Row(
                text=call.voice.say(
                    "link.conflict",
                    newer=call.voice.quoted(newer.text),
                    older=call.voice.quoted(older.text),
                )
            )
            for newer, older in joining.conflicts
        )
        sections.append(Section(title=call.voice.say("link.conflicts"), rows=rows))
    return tuple(sections)


def _held(call: Call, holdings: Holdings) -> tuple[Row, ...]:
    total = Row(text=call.voice.say("link.holds", **_counted(call, holdings)))
    return (*_accounts(call, holdings.identities), total)


def _counted(call: Call, holdings: Holdings) -> dict[str, str]:
    return {
        "turns": call.voice.count(holdings.turns, "message"),
        "facts": call.voice.count(holdings.facts, "fact"),
    }


def _accounts(call: Call, identities: Iterable[IdentityRef]) -> tuple[Row, ...]:
    return tuple(Row(text=_account(call, identity)) for identity in identities)


def _account(call: Call, identity: IdentityRef) -> str:
    """Name, platform, and the id where it says more than the name.

    One name is stored for all accounts of a person, so ids tell them apart; only the account that
    asks is sure to be shown with its own name.
    """
    if replace(identity, display_name=call.identity.display_name) == call.identity:
        identity = call.identity
    account_id, platform = identity.external_id, identity.platform.value.title()
    name = identity.display_name or account_id
    is_known_by_id = name.casefold() == account_id.casefold()
    return f"{name} ({platform})" if is_known_by_id else f"{name} ({platform}, {account_id})"
