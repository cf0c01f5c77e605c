"""What is said about resets, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "person.one": "1个人",
    "person.many": "{count}个人",
    "summary.one": "1条摘要",
    "summary.many": "{count}条摘要",
    "hour.one": "1小时",
    "hour.many": "{count}小时",
    "summary.admin reset user": "删除我记住的某人在这里各频道说过的话",
    "summary.admin reset channel": "删除我记住的这个频道里说过的话",
    "summary.admin reset server": "删除我记住的这里所有频道里说过的话",
    "summary.admin reset undo": "恢复被重置搁置的内容",
    "summary.admin reset list": "显示已搁置的、正在删除的和已结束的重置",
    "name.user": "用户",
    "name.when": "时间",
    "name.confirm": "确认码",
    "name.reset": "重置",
    "parameter.user": "某人：提及对方，或写账号的 id",
    "parameter.when": "later（以后）：一段时间内可以撤销，不写也是这样；now（立即）：马上永久删除",
    "parameter.confirm": "我给你的确认码；不写就什么都不会改变",
    "parameter.reset": "哪一次重置，写列表里的名称；只有一次时不用写",
    "missing.user": "谁的？请提及某人：{p}{name} @某人",
    "unfit.user": "“{typed}”不是任何人。请提及某人：{p}{name} @某人",
    "reset.what.user": "{user} 在这里各频道对我说过的话",
    "reset.what.channel": "这个频道里对我说过的话",
    "reset.what.server": "这里所有频道里对我说过的话",
    "reset.nothing": "我没有存储{what}。什么都没有改变。",
    "reset.plan": "涉及{what}：{people}的{turns}、{facts}和{summaries}。",
    "reset.apart": "私信以及其他服务器或工作区不受影响。",
    "reset.plan.later": "我会马上把它搁置，{hours}后永久删除。"
    "在那之前 {p}admin reset undo 可以恢复。",
    "reset.plan.now": "我会马上永久删除，无法撤销。",
    "reset.confirm": "现在还没有任何改变。要继续，请在{minutes}分钟内写：{line}",
    "reset.code.wrong": "确认码不对、已过期，或者是用于别的操作的。什么都没有改变。"
    "不带确认码再发一次命令就会得到新的。",
    "reset.done.later": "已搁置：{people}的{turns}、{facts}和{summaries}。没有人再能看到。"
    "我会在{date} {time} UTC 永久删除；在那之前 {p}admin reset undo {reset} 可以恢复。",
    "reset.done.now": "没有人再能看到，我正在删除：{people}的{turns}、{facts}和{summaries}。"
    "{p}admin reset list 会显示进度。",
    "reset.undo.done": "都恢复了：{people}的{turns}、{facts}和{summaries}。",
    "reset.undo.none": "没有可以恢复的内容。",
    "reset.undo.unknown": "没有名为“{reset}”且可以撤销的重置。{p}admin reset list 会列出它们。",
    "reset.undo.which": "有几次重置可以撤销。请说明是哪一次：",
    "reset.list.title": "重置",
    "reset.list.none": "一次也没有。",
    "reset.list.pending": "已搁置",
    "reset.list.erasing": "正在删除",
    "reset.list.over": "已结束",
    "reset.row.user": "{user} 在各频道说过的话",
    "reset.row.gone": "某人在各频道说过的话",
    "reset.row.channel": "一个频道里说过的话",
    "reset.row.server": "所有频道里说过的话",
    "reset.row.size": "{people}的{turns}、{facts}、{summaries}",
    "reset.row.until": "{date} {time} UTC 永久删除；{p}admin reset undo {reset} 可以恢复",
    "reset.row.progress": "已删除{done}，共{turns}",
    "reset.row.done": "{date}已删除：{turns}、{facts}",
    "reset.row.undone": "已恢复",
}
