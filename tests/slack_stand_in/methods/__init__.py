"""Every method of the Web API that the stand-in has, by name."""

from __future__ import annotations

from slack_stand_in.calling import Methods
from slack_stand_in.methods import agents, chat, conversations, files, streams, views

METHODS: Methods = {
    **conversations.METHODS,
    **chat.METHODS,
    **streams.METHODS,
    **views.METHODS,
    **agents.METHODS,
    **files.METHODS,
}
