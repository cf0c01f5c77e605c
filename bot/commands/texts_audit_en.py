"""What the audit log, and commands about a whole tenant's memory, say in English."""

from __future__ import annotations

TEXTS = {
    "entry.one": "1 entry",
    "entry.many": "{count} entries",
    "person.one": "1 person",
    "person.many": "{count} people",
    "summary.admin audit": "show who managed what here, and who tried to; or give it as a file",
    "summary.admin export user": "give you what somebody said in the channels here, as a file",
    "summary.admin compact": "make the memory of those who spoke here compact, now",
    "name.file": "file",
    "name.user": "user",
    "parameter.file": "“export” for a file with everything, in place of a page",
    "parameter.user": "somebody: a mention, or the id of their account",
    "missing.user": "Whom? For example {p}{name} @somebody, or the id of an account.",
    "unfit.file": "“{typed}” is not what {p}{name} takes. Write {p}{name}, {p}{name} page 2 or "
    "{p}{name} export.",
    "unfit.user": "“{typed}” is neither a mention nor the id of an account. For example "
    "{p}{name} @somebody.",
    "audit.title": "What was done here, newest first",
    "audit.kept": "Entries are kept for {days}. All of them as a file: {p}admin audit export.",
    "audit.about": "about {person}",
    "audit.gone": "somebody who is gone",
    "audit.somebody": "somebody with several accounts here",
    "audit.exported": "Here is what is on record of this server or workspace: {entries}, one on "
    "each line (JSON).",
    "audit.not_all": "There are older ones that did not fit.",
    "audit.outcome.begun": "begun",
    "audit.outcome.asked": "I asked first",
    "audit.outcome.done": "done",
    "audit.outcome.refused": "could not be done",
    "audit.outcome.withdrawn": "answered with no",
    "audit.outcome.denied": "not allowed",
    "audit.outcome.failed": "failed",
    "admin.export.nothing": "I keep nothing that {account} said in the channels here.",
    "admin.export.done": "Here is what {account} said in the channels here: {turns}, {facts}.",
    "admin.export.format": "The file follows the schema {schema}.",
    "admin.export.left_out": "Left out is all that was said in direct messages and elsewhere, and "
    "what I know from there.",
    "admin.compact.begun": "I have begun, in the background. It gives way to whoever talks to me.",
    "admin.compact.running": "I am at it already. {p}admin audit says when it is done.",
    "admin.compact.waiting": "It is still going on. {p}admin audit will say when it is done.",
    "admin.compact.failed": "It could not be finished. What is done stays; try it again later.",
    "admin.compact.nobody": "Nobody has said anything in the channels here that I keep.",
    "admin.compact.done": "Done: I went through the memory of {people}.",
    "admin.compact.left": "Of them, {people} could not be done now and will be later.",
    "admin.compact.more": "There are more. They are done when they are due, as everybody is.",
}
