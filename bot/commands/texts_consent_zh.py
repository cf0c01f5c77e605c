"""What Ellie says about agreeing to be remembered, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "summary.memory allow": "同意我在需要你同意的地方记住你",
    "summary.memory refuse": "撤回这个同意",
    "allow.done": "谢谢。凡是需要你同意的地方，我会保存你写给我的内容并从中学习，"
    "对你关联的每个账号都有效。{p}memory refuse 可以撤回。",
    "allow.unchanged": "你已经同意过了。{p}memory refuse 可以撤回。",
    "refuse.done": "凡是需要你同意的地方，我不再保存你新写的内容。已经保存的会一直留着，"
    "直到你写 {p}memory forget everything。"
    "在不需要同意的地方，{p}incognito on 可以让我什么都不保存。",
    "refuse.unchanged": "你没有同意过，所以凡是需要你同意的地方，我不保存你写的内容。"
    "如果仍有保存的内容，它会一直留着，直到你写 {p}memory forget everything。"
    "在不需要同意的地方，{p}incognito on 可以让我什么都不保存。",
    "why.unkept": "你在这里写的内容都不保存，所以我说不出上一条回复从何而来。"
    "{p}memory why 加上消息的编号，可以说明已保存的那条回复。",
    "consent.mode.opt-out": "在这里，我会保存大家写给我的内容，除非对方处于无痕模式。",
    "consent.mode.opt-in": "在这里，我只保存同意过的人写的内容。",
    "consent.mode.off": "这里关闭了记忆：任何人在这里写的内容我都不保存。",
    "consent.kept": "你已经同意。{p}memory refuse 可以撤回。",
    "consent.unkept": "你没有同意，所以我不保存你在这里写的内容。{p}memory allow 可以改变这一点。",
    "consent.agreed": "在需要你同意才能保存的地方，你已经同意。",
    "consent.not_agreed": "在需要你同意才能保存的地方，你还没有同意，所以我什么都不保存。",
}
