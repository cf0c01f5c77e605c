"""What Ellie asks of Discord: the events she hears, and the permissions in a server."""

from __future__ import annotations

import discord

SCOPES = ("bot", "applications.commands")
"""Of the invite link: a member that can be mentioned, and commands that can be typed."""

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
    attach_files=True,
)
"""The least that everything works with; ``docs/discord.md`` says what each is for.

Embedding links is not among them: nobody's words can then make Discord fetch a page for a preview.
"""


def intents(*, message_content: bool) -> discord.Intents:
    """The events that Discord is asked for.

    ``guilds`` brings servers, channels, roles and threads; the other two bring messages, with their
    author and whom they mention, and what becomes of them. Commands and buttons need none. The
    content of messages that neither mention Ellie nor are direct comes with ``message_content``
    alone, which is privileged: it has to be allowed in the developer portal too.
    """
    return discord.Intents(
        guilds=True, guild_messages=True, dm_messages=True, message_content=message_content
    )


def names_of(asked: discord.Intents) -> tuple[str, ...]:
    """The names of the intents that are on, as Discord's documentation has them in lower case."""
    return tuple(name for name, is_on in asked if is_on)


def invite_link(application_id: int) -> str:
    """The address at which somebody adds Ellie to their server, with the least permissions."""
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=SCOPES)
