"""What only Slack's adapter says about replies."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.language import Language, language_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One language. Names in braces are filled in."""

    cannot_write: str
    answered_directly: str


ENGLISH = Texts(
    cannot_write="You wrote to me in {channel}, but I can't write there. Somebody in that channel "
    "can let me in with /invite, if apps may write there at all. Here I can answer you.",
    answered_directly="I answer you in our direct messages.",
)

CHINESE = Texts(
    cannot_write="你在 {channel} 给我写了消息，但我不能在那里发言。如果那里允许应用发言，"
    "频道里的人可以用 /invite 邀请我。在这里我可以回答你。",
    answered_directly="我在我们的私信里回答你。",
)


def texts_for(said: str, locale: str = "") -> Texts:
    """The texts in the language of what somebody said, or of their client."""
    return CHINESE if language_of(said, locale) is Language.CHINESE else ENGLISH
