"""Texts about quotas, in Chinese; see :mod:`bot.commands.texts_en`."""

from __future__ import annotations

TEXTS = {
    "summary.quota": "查看你还能问我多少，以及什么时候恢复",
    "quota.title": "剩余配额",
    "quota.none": "这里没有配额，想问多少都可以。",
    "quota.you": "你",
    "quota.channel": "这个频道",
    "quota.tenant": "整个服务器或工作区",
    "quota.turns": "还剩 {left} 条消息（{period} {amount} 条）",
    "quota.tokens": "还剩 {left} 个词元（{period} {amount} 个）",
    "quota.minute": "每分钟",
    "quota.hour": "每小时",
    "quota.day": "每天",
    "quota.full": "还没有用过",
    "quota.full_in": "{wait}后全部恢复",
    "quota.how": "配额会慢慢恢复。命令不占配额，但 {p}summarize 和 {p}translate 各算一条消息。",
    "quota.commands": "你一下子说得太多了，请 {wait}后再试。",
}
