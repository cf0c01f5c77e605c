"""What shows that the app works: statuses, sessions, suggested prompts, titles."""

from __future__ import annotations

from typing import Any

from slack_stand_in.calling import Asked, Methods
from slack_stand_in.errors import SlackError
from slack_stand_in.models import Channel
from slack_stand_in.workspace import Session, Workspace

Json = dict[str, Any]

STATUSES = frozenset({"active", "processing", "suspended", "closed"})
STATUS_LIFE = 120.0
MOST_LOADING_MESSAGES = 10
MOST_PROMPTS = 4
LONGEST_TITLE = 200
STOP_EVENT = "agent_session_stopped"


def set_session(
    team: Workspace,
    channel: Channel,
    thread_ts: str,
    status: str,
    *,
    create: bool = True,
    title: str = "",
    initiator_id: str = "",
) -> Session | None:
    """The state of a thread's session from now on; a new one takes title and initiator."""
    key = (channel.id, thread_ts)
    session = team.sessions.get(key)
    if session is None:
        if not create:
            return None
        session = Session(title=title, initiator_id=initiator_id)
        team.sessions[key] = session
    session.status = status
    return session


def _channel_and_thread(asked: Asked) -> tuple[Channel, str]:
    channel = asked.channel("channel_id")
    is_session = asked.method.startswith("agents.")
    if not channel.bot_is_member:
        raise SlackError("not_authorized" if is_session else "channel_not_found")
    thread_ts = asked.text("thread_ts")
    if not thread_ts and is_session:
        raise SlackError("thread_ts_required")
    if not any(message.ts == thread_ts for message in channel.kept):
        raise SlackError("invalid_thread_ts")
    return channel, thread_ts


def set_session_status(asked: Asked) -> Json:
    """An agent's session works, rests, waits or is over."""
    if not asked.team.manifest.is_agent:
        raise SlackError("feature_disabled")
    status = asked.needed("status")
    if status not in STATUSES:
        raise SlackError("invalid_status")
    channel, thread_ts = _channel_and_thread(asked)
    title = asked.text("title")
    if len(title) > LONGEST_TITLE:
        raise SlackError("invalid_title")
    initiator = asked.text("initiator_user_id")
    if initiator and asked.team.user(initiator) not in channel.members:
        raise SlackError("user_not_found")
    session = set_session(
        asked.team, channel, thread_ts, status, title=title, initiator_id=initiator
    )
    found: Json = {"status": status, "title": session.title if session else ""}
    if not asked.team.manifest.hears(STOP_EVENT):
        warning = "missing_agent_session_stopped_event_subscription"
        found |= {"warning": warning, "response_metadata": {"warnings": [warning]}}
    return found


def rename(asked: Asked) -> Json:
    """Another title for a session."""
    if not asked.team.manifest.is_agent:
        raise SlackError("feature_disabled")
    channel, thread_ts = _channel_and_thread(asked)
    title = asked.needed("title")
    if len(title) > LONGEST_TITLE:
        raise SlackError("invalid_title")
    session = asked.team.sessions.get((channel.id, thread_ts))
    if session is None:
        raise SlackError("session_not_found")
    session.title = title
    return {"title": title}


def set_status(asked: Asked) -> Json:
    """A line below the thread that is gone after two minutes or with the next message."""
    channel, thread_ts = _channel_and_thread(asked)
    loading = asked.arguments.get("loading_messages") or []
    if not isinstance(loading, list) or len(loading) > MOST_LOADING_MESSAGES:
        raise SlackError("invalid_arguments")
    until = asked.slack.clock.now() + STATUS_LIFE
    asked.team.thinking[channel.id, thread_ts] = (asked.text("status"), until)
    return {}


def set_prompts(asked: Asked) -> Json:
    """What a person could ask, to press."""
    if not asked.team.manifest.is_assistant:
        raise SlackError("not_agent_app")
    channel = asked.channel("channel_id")
    prompts = asked.arguments.get("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= MOST_PROMPTS:
        raise SlackError("invalid_arguments")
    for prompt in prompts:
        if not isinstance(prompt, dict) or not (prompt.get("title") and prompt.get("message")):
            raise SlackError("invalid_arguments")
    thread_ts = asked.text("thread_ts")
    if not channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    if not thread_ts and not asked.team.manifest.is_agent:
        raise SlackError("missing_thread_ts")
    asked.team.suggested[channel.id, thread_ts] = list(prompts)
    return {}


def set_title(asked: Asked) -> Json:
    """The name of a thread in the list of conversations."""
    if not asked.team.manifest.is_assistant:
        raise SlackError("not_agent_app")
    channel, thread_ts = _channel_and_thread(asked)
    asked.team.titles[channel.id, thread_ts] = asked.needed("title")
    return {}


METHODS: Methods = {
    "agents.sessions.setStatus": set_session_status,
    "agents.sessions.rename": rename,
    "assistant.threads.setStatus": set_status,
    "assistant.threads.setSuggestedPrompts": set_prompts,
    "assistant.threads.setTitle": set_title,
}
