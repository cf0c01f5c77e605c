"""Texts of ``summarize`` and ``translate``, in English; see :mod:`bot.commands.texts_en`."""

from __future__ import annotations

TEXTS = {
    "summary.summarize": "sum up what we said here, or a text",
    "summary.translate": "translate a text, or my latest reply",
    "name.count": "count",
    "name.words": "words",
    "name.language": "language",
    "parameter.count": "how many of your latest messages here; the last 50 without it",
    "parameter.words": "a text; without it, what was said here last",
    "parameter.language": "its name or code, such as German or de; your own without it",
    "unfit.language": "I know no language called “{typed}”. Begin with its name or code, for "
    "example {p}{name} German good morning.",
    "summarize.title": "Summary",
    "summarize.reading": "I am reading {messages} …",
    "summarize.reading.text": "I am reading your text …",
    "summarize.about.all": "About {messages}, all of what you said to me here. Only you see this, "
    "and I do not keep it.",
    "summarize.about.latest": "About your latest {messages} here; there are older ones. Only you "
    "see this, and I do not keep it.",
    "summarize.nothing": "There is nothing to sum up: you have not told me anything here that I "
    "keep.",
    "summarize.short": "That is short already. Give me a longer text, or {p}summarize 20 for your "
    "last 20 messages here.",
    "summarize.both": "Give me either a number of messages or a text, not both.",
    "summarize.many": "I can sum up 1 to {most} messages.",
    "summarize.long": "That is more than I can sum up at once. Choose fewer messages, for example "
    "{p}summarize 20, or a part of the text.",
    "translate.title": "In {language}",
    "translate.reading": "I am translating into {language} …",
    "translate.which": "Into which language? For example {p}translate German good morning.",
    "translate.nothing": "There is no reply of mine here yet. Give me a text, for example "
    "{p}translate German good morning.",
    "translate.long": "That is too long for me to translate in one go. Give me a part of it.",
    "translate.cannot": "The model that translates here does not write {language}.",
    "reword.unavailable": "I cannot do that here.",
    "reword.denied": "In this place you may not use me. Ask those who manage it.",
    "reword.busy": "I am still working on what you asked for before. Wait until it is there.",
    "reword.crowded": "Too many people are asking me just now. Try again in a minute.",
    "reword.slow": "That took too long, so I stopped. Try again later, or with less.",
    "reword.failed": "The model failed on that. Try again in a minute; whoever runs me finds the "
    "reason in the log.",
    "reword.empty": "The model wrote nothing. Try again, or with other words.",
    "reword.unfinished": "I had to stop before the end.",
    "reword.spent.person": "That was a lot at once from you. Try again in {wait}.",
    "reword.spent.channel": "That was a lot at once from this channel. Try again in {wait}.",
    "reword.spent.tenant": "That was a lot at once from this whole place. Try again in {wait}.",
}
