"""What groups inside groups of commands are about, in Chinese."""

from __future__ import annotations

TEXTS = {
    "help.group": "{p}{name} 下面的命令",
    "group.admin reset": "删除某人、某个频道或这里所有的对话内容",
    "group.admin policy": "我在这里回答和记住什么，对谁有效",
    "group.admin export": "关于我在这里保存的内容的文件",
}
