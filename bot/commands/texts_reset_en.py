"""What is said about resets, in English."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "person.one": "1 person",
    "person.many": "{count} people",
    "summary.one": "1 summary",
    "summary.many": "{count} summaries",
    "hour.one": "1 hour",
    "hour.many": "{count} hours",
    "summary.admin reset user": "erase what I remember of what somebody said in the channels here",
    "summary.admin reset channel": "erase what I remember of what was said in this channel",
    "summary.admin reset server": "erase what I remember of all channels here",
    "summary.admin reset undo": "bring back what a reset has set aside",
    "summary.admin reset list": "show what is set aside, what is being erased, and what was",
    "name.user": "user",
    "name.when": "when",
    "name.confirm": "confirm",
    "name.reset": "reset",
    "parameter.user": "somebody, by a mention or the id of their account",
    "parameter.when": "later: it can be undone for a while, as without it; now: at once, for good",
    "parameter.confirm": "the code that I give you; without it nothing changes",
    "parameter.reset": "which reset, as the list names it; not needed when there is only one",
    "missing.user": "Whose? Mention somebody: {p}{name} @somebody",
    "unfit.user": "“{typed}” names nobody. Mention somebody: {p}{name} @somebody",
    "reset.what.user": "what {user} said to me in channels here",
    "reset.what.channel": "what was said to me in this channel",
    "reset.what.server": "what was said to me in all channels here",
    "reset.nothing": "I have nothing stored of {what}. Nothing was changed.",
    "reset.plan": "This is about {what}: {turns}, {facts} and {summaries} of {people}.",
    "reset.apart": "Direct messages and other servers or workspaces are not touched.",
    "reset.plan.later": "I would set it aside at once, and erase it for good after {hours}. Until "
    "then {p}admin reset undo brings it back.",
    "reset.plan.now": "I would erase it at once and for good. That cannot be undone.",
    "reset.confirm": "Nothing has changed yet. To go on, write within {minutes} minutes: {line}",
    "reset.code.wrong": "That is not the code, or it is too late for it, or it was for something "
    "else. Nothing was changed. Give the command without a code to get a new one.",
    "reset.done.later": "Set aside: {turns}, {facts} and {summaries} of {people}. Nobody sees it "
    "any more. I erase it for good on {date} at {time} UTC; until then {p}admin reset undo {reset} "
    "brings it back.",
    "reset.done.now": "Nobody sees it any more, and I am erasing it: {turns}, {facts} and "
    "{summaries} of {people}. {p}admin reset list shows how far I am.",
    "reset.undo.done": "It is all there again: {turns}, {facts} and {summaries} of {people}.",
    "reset.undo.none": "There is nothing that could be brought back.",
    "reset.undo.unknown": "No reset that can be undone is called “{reset}”. {p}admin reset list "
    "shows them.",
    "reset.undo.which": "Several resets can be undone. Say which one:",
    "reset.list.title": "Resets",
    "reset.list.none": "There are none.",
    "reset.list.pending": "Set aside",
    "reset.list.erasing": "Being erased",
    "reset.list.over": "Over",
    "reset.row.user": "what {user} said in channels",
    "reset.row.gone": "what somebody said in channels",
    "reset.row.channel": "what was said in one channel",
    "reset.row.server": "what was said in all channels",
    "reset.row.size": "{turns}, {facts}, {summaries} of {people}",
    "reset.row.until": "erased for good on {date} at {time} UTC; {p}admin reset undo {reset} "
    "brings it back",
    "reset.row.progress": "{done} of {turns} erased so far",
    "reset.row.done": "erased on {date}: {turns}, {facts}",
    "reset.row.undone": "brought back",
}
