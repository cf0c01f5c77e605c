"""What people press: slash commands, buttons, menus, shortcuts."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_stand_in.choosing import action_of, as_value, find_control
from slack_stand_in.delivering import Delivery
from slack_stand_in.form_state import state_of
from slack_stand_in.models import Channel, Ephemeral, Message, User, View
from slack_stand_in.payloads import PIECES, message_payload, view_payload
from slack_stand_in.responses import show_response
from slack_stand_in.workspace import ResponseUrl, Workspace

CHANNEL_NAMES: Mapping[str, str] = {"im": "directmessage", "group": "privategroup"}


@dataclass(slots=True, kw_only=True)
class Interaction:
    """How the app took what a person did.

    ``posts`` grows while the app answers by the response url.
    """

    delivery: Delivery
    posts: list[Message] = field(default_factory=list)

    @property
    def acked(self) -> bool:
        """Whether the app confirmed within three seconds."""
        return self.delivery.is_acked

    @property
    def seconds(self) -> float | None:
        """How long the confirmation took, in real time."""
        return self.delivery.acked_after

    @property
    def response(self) -> Any:
        """What the confirmation carried."""
        return self.delivery.response

    @property
    def payload(self) -> Mapping[str, Any]:
        """What the app was sent."""
        return self.delivery.payload

    @property
    def texts(self) -> list[str]:
        """What is to be read in the answers that are still there."""
        return [post.shown_text for post in self.posts if not post.deleted]


class Interacting(Workspace):
    """Commands and everything interactive outside modals' submission."""

    async def slash(
        self,
        user: User,
        channel: Channel,
        text: str = "",
        *,
        command: str = "/ellie",
        trigger_id: str = "",
        wait: bool = True,
    ) -> Interaction:
        """Somebody uses a slash command. It works everywhere but in threads.

        Raises:
            LookupError: the manifest has no such command, so Slack says that it is not valid.
        """
        if self.manifest.commands is not None and command not in self.manifest.commands:
            raise LookupError(f"{command} is not a valid command")
        url, response_url = self.new_response_url(user, channel)
        trigger = trigger_id or self.new_trigger(user)
        payload = {
            "token": self.verification_token,
            "team_id": self.id,
            "team_domain": self.domain,
            "channel_id": channel.id,
            "channel_name": CHANNEL_NAMES.get(channel.kind, channel.name),
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": self._typed(command, text),
            "api_app_id": self.app_id,
            "is_enterprise_install": "false",
            "response_url": url,
            "trigger_id": trigger,
        }
        if self.enterprise_id:
            payload |= {"enterprise_id": self.enterprise_id, "enterprise_name": "The enterprise"}
        interaction = await self._send("slash_commands", payload, response_url, wait=wait)
        answer = interaction.response
        if isinstance(answer, Mapping) and (answer.get("text") or answer.get("blocks")):
            response_url.left += 1
            await show_response(self, response_url, answer)  # type: ignore[arg-type]
        return interaction

    async def press(
        self,
        user: User,
        where: Message | View | None,
        *,
        action_id: str | None = None,
        text: str | None = None,
        value: str | None = None,
        values: Mapping[str, Any] | None = None,
        confirm: bool = True,
        wait: bool = True,
    ) -> Interaction:
        """Somebody presses a button or chooses from a menu.

        Args:
            user: who does.
            where: a message, an ephemeral one, a view, or None for the modal on top.
            action_id: which element.
            text: the label of the button or of the option to choose.
            value: the value of the option to choose, or of the button if several are alike.
            values: what stands in the other fields, by block id or action id.
            confirm: what the person answers to the element's confirmation dialog, if it has one.
            wait: whether to wait for the app's confirmation.

        Raises:
            LookupError: there is nothing like that to press.
        """
        where = where or self.modal(user)
        if where is None:
            raise LookupError("There is no modal.")
        if isinstance(where, Message) and where.deleted:
            raise LookupError("The message is not there any more.")
        control, choice = find_control(where.blocks, action_id=action_id, text=text, value=value)
        if not confirm and control.element.get("confirm"):
            raise LookupError("Declined; Slack does not tell the app.")
        payload: dict[str, Any] = {
            "type": "block_actions",
            "user": self._who(user),
            "api_app_id": self.app_id,
            "token": self.verification_token,
            "team": {"id": self.id, "domain": self.domain},
            "enterprise": self._enterprise(),
            "is_enterprise_install": False,
            "actions": [action_of(control, choice, self.slack.clock.ts())],
        }
        response_url = None
        state = state_of(where.blocks, as_value(control, choice) | dict(values or {}))
        if isinstance(where, View):
            payload["trigger_id"] = self.new_trigger(user, where if where.kind == "modal" else None)
            payload["container"] = {"type": "view", "view_id": where.id}
            payload["view"] = view_payload(self, where, state)
        else:
            payload["trigger_id"] = self.new_trigger(user)
            url, response_url = self.new_response_url(user, where.channel, where)
            payload |= self._message_context(where, url)
            payload["state"] = {"values": state}
        return await self._send("interactive", payload, response_url, wait=wait)

    async def shortcut(
        self, user: User, message: Message, *, callback_id: str, wait: bool = True
    ) -> Interaction:
        """Somebody uses a shortcut of a message's menu."""
        known = self.manifest.shortcuts
        if known is not None and callback_id not in known:
            raise LookupError(f"The manifest has no shortcut {callback_id}.")
        url, response_url = self.new_response_url(user, message.channel)
        payload = {
            "type": "message_action",
            "token": self.verification_token,
            "action_ts": self.slack.clock.ts(),
            "team": {"id": self.id, "domain": self.domain},
            "enterprise": self._enterprise(),
            "is_enterprise_install": False,
            "user": self._who(user),
            "channel": {"id": message.channel.id, "name": self._name(message.channel)},
            "callback_id": callback_id,
            "trigger_id": self.new_trigger(user),
            "response_url": url,
            "message_ts": message.ts,
            "message": message_payload(self, message, with_metadata=False),
        }
        return await self._send("interactive", payload, response_url, wait=wait)

    async def global_shortcut(
        self, user: User, *, callback_id: str, wait: bool = True
    ) -> Interaction:
        """Somebody uses a shortcut from the menu beside the input."""
        payload = {
            "type": "shortcut",
            "token": self.verification_token,
            "action_ts": self.slack.clock.ts(),
            "team": {"id": self.id, "domain": self.domain},
            "user": self._who(user),
            "is_enterprise_install": False,
            "enterprise": self._enterprise(),
            "callback_id": callback_id,
            "trigger_id": self.new_trigger(user),
        }
        return await self._send("interactive", payload, None, wait=wait)

    def _typed(self, command: str, text: str) -> str:
        """What Slack makes of what was typed: entities, and people's names or their ids."""
        pieces = []
        for piece in PIECES.split(text):
            user = self.users.get(piece[2:-1]) if piece.startswith("<@") else None
            if user is None:
                pieces.append(html.escape(html.unescape(piece), quote=False))
            elif self.manifest.escapes.get(command, True):
                pieces.append(f"<@{user.id}|{user.name}>")
            else:
                pieces.append(f"@{user.name}")
        return "".join(pieces)

    async def _send(
        self,
        kind: str,
        payload: Mapping[str, Any],
        response_url: ResponseUrl | None,
        *,
        wait: bool = True,
    ) -> Interaction:
        if kind == "interactive" and not self.manifest.is_interactive:
            raise LookupError("The manifest does not turn interactivity on.")
        delivery = await self.slack.deliver(self, kind, payload)
        if wait:
            await self.slack.answered(delivery)
        return Interaction(delivery=delivery, posts=response_url.posts if response_url else [])

    def _who(self, user: User) -> dict[str, Any]:
        return {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        }

    def _enterprise(self) -> dict[str, str] | None:
        if not self.enterprise_id:
            return None
        return {"id": self.enterprise_id, "name": "The enterprise"}

    def _name(self, channel: Channel) -> str:
        return CHANNEL_NAMES.get(channel.kind, channel.name)

    def _message_context(self, message: Message, url: str) -> dict[str, Any]:
        is_ephemeral = isinstance(message, Ephemeral)
        found: dict[str, Any] = {
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel.id,
                "is_ephemeral": is_ephemeral,
            },
            "channel": {"id": message.channel.id, "name": self._name(message.channel)},
            "response_url": url,
        }
        if message.thread_ts:
            found["container"]["thread_ts"] = message.thread_ts
        if not is_ephemeral:
            found["message"] = message_payload(self, message)
        return found
