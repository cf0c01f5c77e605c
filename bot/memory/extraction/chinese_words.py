"""Chinese words that decide what a value is, and the English names of topics."""

from __future__ import annotations

import regex

# ruff: noqa: SIM905 - a list of words reads best as words

PLACES = frozenset(
    """
    北京 上海 广州 深圳 天津 重庆 成都 杭州 武汉 南京 苏州 西安 长沙 郑州 青岛 大连 宁波 厦门 福州
    济南 合肥 昆明 沈阳 长春 哈尔滨 石家庄 太原 南昌 贵阳 南宁 海口 三亚 兰州 银川 西宁 拉萨
    乌鲁木齐 呼和浩特 无锡 常州 徐州 南通 扬州 温州 绍兴 嘉兴 金华 台州 泉州 漳州 佛山 东莞 珠海
    中山 惠州 汕头 桂林 洛阳 开封 烟台 潍坊 威海 秦皇岛 唐山 保定 大理 丽江 香港 澳门 台北 高雄
    台中 台南 新北 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东
    海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 东北 中国 日本 韩国 美国
    英国 法国 德国 意大利 西班牙 葡萄牙 荷兰 瑞士 瑞典 挪威 丹麦 芬兰 俄罗斯 乌克兰 波兰 希腊
    土耳其 印度 泰国 越南 新加坡 马来西亚 印尼 菲律宾 澳大利亚 澳洲 新西兰 加拿大 墨西哥 巴西
    阿根廷 智利 埃及 南非 比利时 奥地利 爱尔兰 冰岛 匈牙利 捷克 以色列 东京 大阪 京都 首尔 纽约
    洛杉矶 旧金山 西雅图 波士顿 芝加哥 伦敦 巴黎 柏林 慕尼黑 汉堡 罗马 米兰 马德里 巴塞罗那 里斯本
    阿姆斯特丹 苏黎世 日内瓦 维也纳 布拉格 莫斯科 悉尼 墨尔本 温哥华 多伦多 曼谷 迪拜 都柏林
    斯德哥尔摩 哥本哈根 奥斯陆 赫尔辛基 布鲁塞尔 吉隆坡 河内
    """.split()
)
"""Places that people say they are from or work in, where the grammar alone does not tell."""

COUNTRIES = frozenset(
    """
    中国 日本 韩国 美国 英国 法国 德国 意大利 西班牙 葡萄牙 荷兰 瑞士 瑞典 挪威 丹麦 芬兰 俄罗斯
    乌克兰 波兰 希腊 土耳其 印度 泰国 越南 新加坡 马来西亚 印尼 菲律宾 澳大利亚 新西兰 加拿大
    墨西哥 巴西 阿根廷 智利 埃及 南非 比利时 奥地利 爱尔兰 冰岛 匈牙利 捷克 以色列
    """.split()
)

JOB = regex.compile(
    r"(?:(?![去看想要找问见跟和的是妈爸])[\p{Han}A-Za-z]){0,8}?(?:护士|医生|大夫|老师"
    r"|教师|律师|会计|出纳|设计师|工程师|厨师|摄影师|理发师|药剂师|咨询师|分析师"
    r"|建筑师|架构师|讲师|魔术师|培训师|化妆师|美甲师|营养师|治疗师|程序员|公务员|销售员?"
    r"|服务员|快递员|外卖员|售货员|演员|教练员|飞行员"
    r"|研究员|店员|保安|保洁|记者|编辑|翻译|作家|画家|音乐家|科学家|艺术家|企业家|歌手"
    r"|鼓手|司机|警察|军人|农民|工人|渔民|商人|诗人"
    r"|经理|总监|主管|教授|导演|制片人|主持人|博士生|研究生|大学生|高中生|初中生|留学生"
    r"|学生|教练|导游|空姐|空乘|飞行员|模特"
    r"|裁缝|木匠|木工|电工|水管工|焊工|消防员|邮递员|图书管理员|自由职业者?|家庭主妇"
    r"|全职妈妈|个体户|创业者|运营|产品|前端|后端|测试|客服"
    r"|法官|检察官|牙医|兽医|护工|月嫂|保姆|厂长|校长|院长|店长|村官|博主|主播|up主|UP主"
    r"|码农|实习生|志愿者)"
)

PARTNERS = "老婆|妻子|太太|媳妇|爱人|老公|丈夫|先生|男朋友|女朋友|男友|女友|对象|未婚妻|未婚夫|伴侣"
CHILDREN = "儿子|女儿|孩子|宝宝|闺女|小孩|大儿子|小儿子|大女儿|小女儿"
RELATIVES = {
    "妹妹": "sister", "姐姐": "sister", "妹": "sister", "姐": "sister", "弟弟": "brother",
    "哥哥": "brother", "弟": "brother", "哥": "brother", "妈妈": "mother", "母亲": "mother",
    "妈": "mother", "爸爸": "father", "父亲": "father", "爸": "father", "爷爷": "grandfather",
    "外公": "grandfather", "姥爷": "grandfather", "奶奶": "grandmother", "外婆": "grandmother",
    "姥姥": "grandmother", "老板": "boss", "领导": "boss", "上司": "boss", "同事": "colleague",
    "室友": "roommate", "好朋友": "best friend", "最好的朋友": "best friend",
    "闺蜜": "best friend", "朋友": "friend", "同学": "classmate", "同桌": "classmate",
    "邻居": "neighbor", "老师": "teacher", "导师": "supervisor", "表哥": "cousin",
    "表弟": "cousin", "表姐": "cousin", "表妹": "cousin", "堂哥": "cousin", "堂弟": "cousin",
    "堂姐": "cousin", "堂妹": "cousin", "叔叔": "uncle", "舅舅": "uncle", "阿姨": "aunt",
    "姑姑": "aunt", "姨妈": "aunt", "侄子": "nephew", "侄女": "niece", "外甥": "nephew",
    "婆婆": "mother-in-law", "岳母": "mother-in-law", "公公": "father-in-law",
    "岳父": "father-in-law", "房东": "landlord",
}  # fmt: skip
PETS = {
    "小狗": "dog", "狗狗": "dog", "狗": "dog", "小猫": "cat", "猫咪": "cat", "猫": "cat",
    "兔子": "rabbit", "仓鼠": "hamster", "鹦鹉": "parrot", "乌龟": "turtle", "金鱼": "fish",
    "鱼": "fish", "鸟": "bird", "蛇": "snake", "马": "horse", "鸡": "chicken", "鸭子": "duck",
    "刺猬": "hedgehog", "蜥蜴": "lizard", "豚鼠": "guinea pig", "龙猫": "chinchilla",
    "宠物": "pet", "柯基": "dog", "金毛": "dog", "泰迪": "dog", "布偶": "cat", "橘猫": "cat",
    "哈士奇": "dog", "英短": "cat", "拉布拉多": "dog", "边牧": "dog", "柴犬": "dog",
}  # fmt: skip
FAVOURITES = {
    "乐队": "band", "颜色": "colour", "电影": "film", "书": "book", "歌": "song",
    "歌手": "singer", "食物": "food", "菜": "dish", "水果": "fruit", "运动": "sport",
    "动物": "animal", "城市": "city", "季节": "season", "游戏": "game", "作家": "author",
    "演员": "actor", "球队": "team", "球星": "player", "饮料": "drink", "甜品": "dessert",
    "动漫": "anime", "电视剧": "series", "数字": "number", "花": "flower", "诗人": "poet",
    "小说": "novel", "导演": "director", "节日": "holiday", "科目": "subject", "零食": "snack",
    "奶茶": "milk tea",
}  # fmt: skip

LANGUAGE = (
    r"(?:中文|汉语|普通话|国语|英语|英文|日语|日文|韩语|韩文|法语|法文|德语|德文|西班牙语"
    r"|葡萄牙语|葡萄牙文|俄语|意大利语|阿拉伯语"
    r"|粤语|广东话|闽南语|客家话|上海话|四川话|泰语|越南语|荷兰语|瑞典语|土耳其语|印尼语"
    r"|马来语|印地语|拉丁语|手语|文言文)"
)

CONDITION = (
    r"(?:[一二12]型)?(?:糖尿病|高血压|低血压|低血糖|哮喘|抑郁症?|焦虑症?|癫痫|偏头痛"
    r"|关节炎|鼻炎|过敏性鼻炎|胃病|胃炎|失眠症?|心脏病"
    r"|近视|色盲|色弱|自闭症|多动症|ADHD|adhd|湿疹|贫血|甲亢|甲减|痛风|颈椎病"
    r"|腰椎间盘突出|强迫症|双相|脂肪肝|高血脂|肾结石|癌症?|乙肝"
    r"|夜盲症|白癜风|银屑病|荨麻疹|耳鸣|社恐|幽闭恐惧症|恐高症?)"
)

SURNAMES = (
    "王李张刘陈杨赵周吴徐孙胡朱郭罗梁宋郑谢韩唐冯董萧曹袁邓许傅沈曾彭吕苏卢蒋蔡贾魏薛叶阎潘杜"
    "戴钟汪姜范姚谭廖邹熊陆郝孔崔邱秦顾侯邵孟"
)
"""Frequent surnames that rarely begin another word after 我是."""

NOT_A_NAME = regex.compile(
    r"[我了他她它你们的不什么谁着过吗呢吧啊]|^(?:外卖|车|滴滴|快递|救护车|停|苦|好|人|来"
    r"|去|一[个声辆份]|那|这|妈|爸|老板|服务员|朋友"
    r"|大家|保安|代驾|出租|跑腿|醒|起床|回|爸妈|同事|警察)|一起|帮忙|过来|起来|就[行好是]$"
)
"""What follows 叫 and is ordered, shouted or called for, not a name: 叫了外卖, 叫他来."""

REACTION = regex.compile(
    r"^(?:你|您|这|那|它|他|她|他们|我|上了?|看你|听你|跟你|和你|过|了|的|得|一个|就|说"
    r"|谁|什么|怎么|哪|被|到|极了|死了|一下)"
    r"|(?:想法|主意|回答|建议|答案|说法|观点|方案|解释|风格|语气|计划|名字)$"
)
"""What makes a liking a reaction to what was just said: 喜欢你的回答."""
