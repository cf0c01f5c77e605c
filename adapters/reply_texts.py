"""What is said under and in place of replies, on every platform that has buttons."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.language import Language, language_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTexts:
    """One language."""

    stop: str
    again: str
    retry: str
    stopped: str
    nothing_said: str
    interrupted: str
    not_yours: str
    not_now: str
    thanks: str
    taken_back: str
    over: str
    still_answering: str
    still_thinking: str
    switched_off: str
    not_read: str
    ask_title: str
    ask_label: str
    ask_hint: str
    ask_menu: str
    trouble: str


ENGLISH = ReplyTexts(
    stop="Stop",
    again="Again",
    retry="Try again",
    stopped="(stopped)",
    nothing_said="I have nothing to say to that.",
    interrupted=(
        "I was interrupted while I answered. I kept your message; the button answers it anew."
    ),
    not_yours="Only the person who asked can do that.",
    not_now="I can't do that right now. Please try again in a moment.",
    thanks="Thank you, noted.",
    taken_back="All right, I took that back.",
    over="That reply is finished.",
    still_answering="I'm still answering that.",
    still_thinking="(I'm still thinking.)",
    switched_off="I'm switched off in this channel. Write to me in another one, or directly.",
    not_read=(
        "I did not read that message: those who manage this place decided that I read nothing of "
        "what others say here."
    ),
    ask_title="Ask Ellie about this",
    ask_label="Your question",
    ask_hint="For example: what does this mean?",
    ask_menu="Ask Ellie about this",
    trouble="Something went wrong on my side. Whoever runs me finds the reason in the log.",
)

CHINESE = ReplyTexts(
    stop="停止",
    again="重新回答",
    retry="再试一次",
    stopped="（已停止）",
    nothing_said="这个我没什么可说的。",
    interrupted="我在回答时被打断了。你的消息我保存着，按一下按钮我就重新回答。",
    not_yours="只有提问的人可以这样做。",
    not_now="现在不行，请稍后再试。",
    thanks="谢谢，记下了。",
    taken_back="好的，已撤回。",
    over="这条回复已经结束。",
    still_answering="我还在回答那条消息。",
    still_thinking="（我还在想。）",
    switched_off="我在这个频道被关闭了。请在别的频道或私信里找我。",
    not_read="我没有读那条消息：这里的管理者决定了我不读别人在这里说的话。",
    ask_title="就此询问 Ellie",
    ask_label="你的问题",
    ask_hint="例如：这是什么意思？",
    ask_menu="就此询问 Ellie",
    trouble="我这边出了问题。运行我的人可以在日志里找到原因。",
)


def reply_texts_for(said: str, locale: str = "") -> ReplyTexts:
    """The texts in the language of what somebody said, or of their client."""
    return CHINESE if language_of(said, locale) is Language.CHINESE else ENGLISH
