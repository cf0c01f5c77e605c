"""Modals from a person's side: filling in, submitting, closing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_stand_in.errors import SlackError
from slack_stand_in.form_state import missing, state_of
from slack_stand_in.interacting import Interaction
from slack_stand_in.models import User, View
from slack_stand_in.payloads import view_payload
from slack_stand_in.view_rules import check_view
from slack_stand_in.view_store import change_view, push_view
from slack_stand_in.workspace import Workspace


@dataclass(slots=True, kw_only=True)
class SubmitResult:
    """How a submission went.

    ``errors`` are sentences by block id: Slack's own when ``is_sent`` is False, else the app's.
    """

    errors: dict[str, str] = field(default_factory=dict)
    response: Any = None
    is_sent: bool = True
    acked: bool = False
    payload: Mapping[str, Any] = field(default_factory=dict)


class Modals(Workspace):
    """Forms that lie over everything else."""

    async def submit(self, user: User, values: Mapping[str, Any] | None = None) -> SubmitResult:
        """Somebody fills in the modal on top and submits it.

        Raises:
            LookupError: there is no modal, or it lacks such a field.
            SlackError: the app answered with a view that Slack refuses.
        """
        view = self.modal(user)
        if view is None:
            raise LookupError("There is no modal.")
        state = state_of(view.blocks, values or {})
        wrong = missing(view.blocks, state)
        if wrong:
            return SubmitResult(errors=wrong, is_sent=False)
        payload: dict[str, Any] = {
            "type": "view_submission",
            "team": {"id": self.id, "domain": self.domain},
            "user": {
                "id": user.id,
                "username": user.name,
                "name": user.name,
                "team_id": user.team_id,
            },
            "enterprise": {"id": self.enterprise_id, "name": ""} if self.enterprise_id else None,
            "is_enterprise_install": False,
            "api_app_id": self.app_id,
            "token": self.verification_token,
            "trigger_id": self.new_trigger(user, view),
            "view": view_payload(self, view, state),
            "response_urls": [],
        }
        delivery = await self.slack.deliver(self, "interactive", payload)
        await self.slack.answered(delivery)
        result = SubmitResult(response=delivery.response, acked=delivery.is_acked, payload=payload)
        if delivery.is_acked:
            self._obey(user, view, delivery.response or {}, result)
        else:
            result.errors[""] = "We had some trouble connecting. Try again?"
        self.slack.changed()
        return result

    async def close(self, user: User, *, everything: bool = False) -> Interaction | None:
        """Somebody closes the modal on top; the app hears of it if the view asked for that."""
        stack = self.stacks.get(user.id, [])
        if not stack:
            raise LookupError("There is no modal.")
        view = stack[-1]
        for gone in list(stack) if everything else [view]:
            gone.is_open = False
            stack.remove(gone)
        self.slack.changed()
        if not view.content.get("notify_on_close"):
            return None
        payload = {
            "type": "view_closed",
            "team": {"id": self.id, "domain": self.domain},
            "user": {"id": user.id, "name": user.name, "team_id": user.team_id},
            "api_app_id": self.app_id,
            "token": self.verification_token,
            "view": view_payload(self, view),
            "is_cleared": everything,
        }
        delivery = await self.slack.deliver(self, "interactive", payload)
        await self.slack.answered(delivery)
        return Interaction(delivery=delivery)

    def _obey(
        self, user: User, view: View, response: Mapping[str, Any], result: SubmitResult
    ) -> None:
        action = response.get("response_action")
        stack = self.stacks.get(user.id, [])
        if action is None:
            if view in stack:
                view.is_open = False
                stack.remove(view)
        elif action == "clear":
            for each in stack:
                each.is_open = False
            stack.clear()
        elif action == "errors":
            result.errors = dict(response.get("errors") or {})
            unknown = set(result.errors) - {str(block.get("block_id")) for block in view.blocks}
            if unknown or not result.errors:
                raise SlackError("invalid_errors", blocks=sorted(unknown))
        elif action == "update":
            change_view(self, view, check_view(response.get("view"), kinds=("modal",)))
        elif action == "push":
            push_view(self, user, check_view(response.get("view"), kinds=("modal",)), view)
        else:
            raise SlackError("invalid_response_action", action=action)
