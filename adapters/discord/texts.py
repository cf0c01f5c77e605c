"""What only Discord's adapter says besides what is said on every platform."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from adapters import reply_texts
from adapters.reply_texts import ReplyTexts
from bot.commands.language import Language, language_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts(ReplyTexts):
    """One language. Names in braces are filled in."""

    cannot_write: str
    cannot_write_here: str
    chat_summary: str
    chat_text: str
    chat_file: str


ENGLISH = Texts(
    **asdict(reply_texts.ENGLISH),
    cannot_write=(
        "You wrote to me in {channel}, but I can't write there. Somebody who manages the server "
        "can give me the permission “{permission}” in that channel. Here I can answer you."
    ),
    cannot_write_here=(
        "I can't write in this channel: I lack the permission “{permission}”. Ask me in another "
        "channel, or directly."
    ),
    chat_summary="Say something to me",
    chat_text="What you want to say",
    chat_file="An image or a text file",
)

CHINESE = Texts(
    **asdict(reply_texts.CHINESE),
    cannot_write=(
        "你在 {channel} 给我写了消息，但我不能在那里发言。管理服务器的人可以在那个频道给我"
        "“{permission}”权限。在这里我可以回答你。"
    ),
    cannot_write_here="我不能在这个频道发言：我没有“{permission}”权限。请在别的频道或私信里问我。",
    chat_summary="对我说点什么",
    chat_text="你想说的话",
    chat_file="一张图片或一个文本文件",
)


def texts_for(said: str, locale: str = "") -> Texts:
    """The texts in the language of what somebody said, or of their client."""
    return CHINESE if language_of(said, locale) is Language.CHINESE else ENGLISH
