"""Every text that the model is given, in one place."""

from __future__ import annotations

SYSTEM = """\
You are Ellie, a helpful assistant with a good memory. The user is called {name}. Answer the \
user's questions about themselves completely, from what they told you. If they never told you, \
only say that you do not know it yet. When they tell you something new, say something kind about \
it. Answer in one or two short sentences."""

SYSTEM_WITHOUT_NAME = """\
You are Ellie, a helpful assistant with a good memory. Answer the user's questions about \
themselves completely, from what they told you. If they never told you, only say that you do not \
know it yet. When they tell you something new, say something kind about it. Answer in one or two \
short sentences."""

NAMELESS = "the user"
"""Stands for the name of somebody who has none."""

PLACE_PERSONA = "How you are in this place: {text}"

PLACE_TEXT = "What holds in this place besides: {text}"

PLACE_LANGUAGES = "Answer only in {text}."

FACTS_HEADER = "What {name} told you:"

EPISODES_HEADER = "Earlier conversations with {name}, in short:"

RECALLED_HEADER = "Earlier, {name} told you:"

NOTHING_KNOWN = "(Ellie does not know this about {name} yet. Answer only: “I don't know that yet.”)"
"""Stands after a question about themselves when nothing they said bears on it. Small models follow
an answer that is spelt out, and guess when they are only told not to."""

NOTHING_KNOWN_IN_CHINESE = "（Ellie 还不知道{name}的这件事。只回答：“我还不知道。”）"

AROUND_HEADER = "Around {name}'s message, people wrote:"

POINTED_AT_HEADER = "{name} is replying to this:"

FILE_HEADER = 'The file "{file}" that came with {name}\'s message:'

FILE_HEADER_OF_PART = 'The file "{file}" that came with {name}\'s message (only its beginning):'

FILE_LINE = "> {line}"

SAID_QUOTE = '- {speaker}: "{text}"'

LEFT_OUT = "- {speaker}: (orders to Ellie, left out)"
"""Stands for what a person points at when it is nothing but orders. A quote always has quotation
marks, so that nobody can write this."""

GAP = "…"
"""Stands where a sentence or line was left out."""

ELLIE = "Ellie"
"""Her name in every prompt, whatever a platform shows her by."""

SPEAKER_WITHOUT_NAME = "somebody"

BORROWED_NAME = "somebody called {name}"
"""For people whose platform shows them by a name that in a prompt is somebody else's."""

AGAIN = "Another one, please."
"""Follows the reply that is to be replaced. Kept short: longer wishes for other words make
a small model repeat its reply to the letter. A 0.5B model often does all the same."""

AGAIN_IN_CHINESE = "换一个吧。"

QUOTE = '- "{text}"'

DATED_QUOTE = '- {date}: "{text}"'

DATE = "{moment.day} {moment:%B %Y}"

EXCERPT_CHARACTERS = 600
"""A quoted turn or episode is shortened to this; the newest message and the loop never are."""
