"""Texts of ``summarize`` and ``translate``, in Chinese; see :mod:`bot.commands.texts_en`."""

from __future__ import annotations

TEXTS = {
    "summary.summarize": "总结我们在这里说过的话，或一段文字",
    "summary.translate": "翻译一段文字，或我最近的回复",
    "name.count": "条数",
    "name.words": "文字",
    "name.language": "语言",
    "parameter.count": "你在这里最近的多少条消息；不写就是最近 50 条",
    "parameter.words": "一段文字；不写就是这里最近说的话",
    "parameter.language": "语言的名字或代码，例如“德语”或 de；不写就是你自己的语言",
    "unfit.language": "我不知道叫“{typed}”的语言。请先写它的名字或代码，"
    "例如 {p}{name} 德语 早上好。",
    "summarize.title": "总结",
    "summarize.reading": "我正在读{messages}……",
    "summarize.reading.text": "我正在读你的文字……",
    "summarize.about.all": "关于{messages}，也就是你在这里对我说过的全部。"
    "只有你能看到，我不会保存。",
    "summarize.about.latest": "关于你在这里最近的{messages}；还有更早的。"
    "只有你能看到，我不会保存。",
    "summarize.nothing": "没有可以总结的内容：你在这里还没有对我说过我会保存的话。",
    "summarize.short": "这已经很短了。请给我更长的文字，"
    "或者用 {p}summarize 20 总结你最近的 20 条消息。",
    "summarize.both": "请只写消息的条数或一段文字，不要两个都写。",
    "summarize.many": "我可以总结 1 到 {most} 条消息。",
    "summarize.long": "这太多了，我没法一次总结。请少选一些消息，例如 {p}summarize 20，"
    "或者只给我文字的一部分。",
    "translate.title": "{language}译文",
    "translate.reading": "我正在翻译成{language}……",
    "translate.which": "翻译成哪种语言？例如 {p}translate 德语 早上好。",
    "translate.nothing": "我在这里还没有回复过。请给我一段文字，例如 {p}translate 德语 早上好。",
    "translate.long": "这太长了，我没法一次翻译完。请只给我其中一部分。",
    "translate.cannot": "这里用来翻译的模型不会写{language}。",
    "reword.unavailable": "在这里我做不了这件事。",
    "reword.denied": "你在这里不能使用我。请问问管理这里的人。",
    "reword.busy": "我还在做你之前要的事，请等它完成。",
    "reword.crowded": "现在问我的人太多了，请过一分钟再试。",
    "reword.slow": "这花的时间太长，我停下来了。请稍后再试，或者少给一些。",
    "reword.failed": "模型没能完成。请过一分钟再试，运行我的人可以在日志里找到原因。",
    "reword.empty": "模型什么也没写。请再试一次，或者换一种说法。",
    "reword.unfinished": "我没能写完就停下了。",
    "reword.spent.person": "你一下子说得太多了，请 {wait}后再试。",
    "reword.spent.channel": "这个频道一下子说得太多了，请 {wait}后再试。",
    "reword.spent.tenant": "这里的人一下子说得太多了，请 {wait}后再试。",
}
