"""Ellie's Home tab over memory made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slack_stand_in.block_text import controls, text_of_blocks
from slack_stand_in.view_rules import check_view
from support.commanding import Desk
from support.places import places_over

from adapters.slack.home_reading import HomeReader, Visitor, Visitors
from adapters.slack.home_state import Notice, Position
from adapters.slack.home_view import home_view
from adapters.slack.people import SlackUser
from adapters.slack.workspace import Workspace
from bot.commands.dispatch import Commands
from bot.commands.language import Language
from bot.engine.audit import AuditLog
from bot.engine.policies import ChannelPolicies
from bot.engine.tenant_retention import TenantRetention

HERE = Workspace(
    team_id="T1", team_name="Town", bot_user_id="UELLIE", bot_id="BELLIE", bot_name="ellie"
)

HOSTILE = (
    "<!channel> <!here> <@U1> <#C1> @here @everyone <https://evil.example|your bank> "
    "*bold* _italic_ ~gone~ `code` ```block``` > quote &lt;!here&gt; & <b>"
)


class HomeDesk(Desk):
    """A memory, and what the Home tab shows of it without a Slack."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.policies = ChannelPolicies(self.storage, clock=self.clock)
        self.commands = Commands(
            self.control,
            clock=self.clock,
            places=places_over(self.storage, self.clock, self.policies),
            retention=TenantRetention(self.storage, default_days=None),
            audit=AuditLog(self.storage, clock=self.clock, ids=self.ids),
            sent_to=self.sent_to,
        )
        # Nobody is looked up: who looks is given.
        self.reader = HomeReader(
            commands=self.commands,
            control=self.control,
            policies=self.policies,
            visitors=Visitors(None, HERE),  # type: ignore[arg-type]
            workspace=HERE,
            clock=self.clock,
        )

    async def view(
        self,
        user: str = "ana",
        *,
        language: Language = Language.ENGLISH,
        is_admin: bool = False,
        notice: Notice | None = None,
        **position: Any,
    ) -> dict[str, Any]:
        """The view that somebody is shown, which Slack would take."""
        looking = Visitor(
            user=SlackUser(id=user, home="T1", name=user.title(), is_admin=is_admin),
            caller=self.caller(user),
            language=language,
        )
        content = await self.reader.read(looking, Position(language=language, **position), notice)
        return check_view(home_view(content), kinds=("home",))


def read(view: dict[str, Any]) -> str:
    """What is to be read in a view."""
    return text_of_blocks(view["blocks"])


def menu_of(view: dict[str, Any], number: int) -> list[str]:
    """What can be done with a fact."""
    for control in controls(view["blocks"]):
        if control.block.get("block_id") == f"fact:{number}":
            return [option["value"] for option in control.options]
    return []


def pressable(view: dict[str, Any]) -> list[str]:
    """The action ids of everything that can be pressed, in order."""
    return [control.action_id for control in controls(view["blocks"])]


def marked_up(part: Any) -> Iterator[str]:
    """Every text in a view that Slack would format."""
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn" or part.get("type") == "markdown":
            yield part["text"]
        for value in part.values():
            yield from marked_up(value)
    elif isinstance(part, list):
        for value in part:
            yield from marked_up(value)
