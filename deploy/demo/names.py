"""Invented names of people: surnames that are common in the region, given names by generation and sex."""

from __future__ import annotations

from random import Random

# Weights are a guess at a mountain township of south-western Hunan; no register of real people was used.
SURNAMES = {
    "吴": 18, "杨": 17, "石": 13, "龙": 11, "粟": 8, "陆": 6, "黄": 6, "陈": 5, "李": 5, "潘": 4, "覃": 3,
    "谢": 3, "林": 2, "银": 2, "蒙": 2, "曾": 1, "单": 1, "欧阳": 1,
}  # fmt: skip

_MEN_OLD = "德 昌 光 明 正 通 再 世 宗 仁 义 礼 顺 福 寿 成 金 银 生 发 贵 富 全 荣 华 忠 祖 文 武 廷".split()
_WOMEN_OLD = "桂 花 秀 英 兰 梅 菊 莲 珍 凤 娥 翠 香 玉 琴 芝 月 春 冬 妹 青 爱 引 培".split()
_MEN_YOUNG = "建 军 志 强 海 涛 伟 鹏 飞 俊 杰 斌 磊 超 浩 宇 泽 晨 林 峰 勇 亮 波 松 江".split()
_WOMEN_YOUNG = "丽 娟 艳 霞 敏 静 慧 燕 芳 玲 婷 倩 雪 颖 佳 怡 欣 雨 诗 涵 思 琪 珊 蓉".split()

# Names that must not appear by chance: historical and national leaders. A deployment's own list can be added
# through `DEMO_DENY_NAMES` (comma separated), for instance people whom a report about the township names.
DENIED = frozenset(
    "毛泽东 周恩来 刘少奇 朱德 邓小平 陈云 林彪 彭德怀 贺龙 陈毅 叶剑英 粟裕 江泽民 胡锦涛 习近平 李鹏 朱镕基 温家宝 李克强 "
    "李强 赵乐际 王沪宁 蔡奇 丁薛祥 李希 韩正 华国锋 胡耀邦 赵紫阳 杨尚昆 李先念 万里 乔石 李瑞环 杨得志 石达开 龙云 陈独秀 "
    "李大钊 李立三 李富春 吴玉章 吴德 吴邦国 黄兴 黄克诚 李德生 李岚清 李长春 吴官正 杨洁篪 杨晶 林则徐 陆定一 "
    "杨成武 杨勇 陈光 陈明仁 李宗仁 李德 李德全 吴忠 吴桂英 李文忠 潘文华 杨杰 黄华 黄明 黄金荣 陆荣廷 李海峰 李斌 李敏 李金华".split()
)


class NameMaker:
    """Draws names that were not drawn before with the same surname in the same village, and never a denied one."""

    def __init__(self, random: Random, denied: frozenset[str] = frozenset()) -> None:
        self._random = random
        self._denied = DENIED | denied
        self._surnames = list(SURNAMES)
        self._weights = list(SURNAMES.values())

    def surname(self) -> str:
        """A surname, by weight."""
        return self._random.choices(self._surnames, self._weights)[0]

    def full_name(self, surname: str, *, male: bool, born: int) -> str:
        """A name of one who was born in the year `born`."""
        old = born < 1980
        pool = (_MEN_OLD if old else _MEN_YOUNG) if male else (_WOMEN_OLD if old else _WOMEN_YOUNG)
        while True:
            given = self._random.choice(pool)
            if self._random.random() < (0.8 if old else 0.7):
                given += self._random.choice([char for char in pool if char != given])
            if surname + given not in self._denied:
                return surname + given
