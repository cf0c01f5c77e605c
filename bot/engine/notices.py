"""Everything Ellie says to people that no model wrote."""

from __future__ import annotations

from bot.domain.generation import FinishReason
from bot.domain.turn import FailureReason

EMPTY = "Your message was empty. Write me something and I'll answer."
BUSY = "I'm busy, try again in a moment."
STOPPING = "I'm just being shut down. Please write again in a minute."
MEMORY_UNAVAILABLE = (
    "I can't reach my memory right now, so I did not take your message. Please try again later."
)
NOT_KEPT = "I could not save this reply, so I will not remember it."

FAILURES = {
    FailureReason.INTERRUPTED: "I was interrupted before I could answer. Please write it again.",
    FailureReason.TOO_LONG: (
        "Your message is too long for me to read in one piece. I kept it, but please send me the "
        "part that matters, or split it."
    ),
    FailureReason.TIMEOUT: "I could not answer in time. Please try again, perhaps a bit shorter.",
    FailureReason.BUSY: BUSY,
    FailureReason.MODEL: (
        "My language model is not working right now. I kept your message; please try again in a "
        "moment. Whoever runs me finds the reason in the log."
    ),
    FailureReason.INTERNAL: (
        "Something went wrong on my side. I kept your message; please try again. Whoever runs me "
        "finds the reason in the log."
    ),
}

UNFINISHED = {
    FinishReason.LENGTH: "(I stopped here because the reply got long. Say “go on” for more.)",
    FinishReason.TIME_LIMIT: "(I ran out of time here. Say “go on” for more.)",
}
"""Added after a reply that ended early."""
