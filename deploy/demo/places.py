"""Villages, groups and offices of the demo township.

Codes: National Bureau of Statistics, statistical codes of 2023. 24 groups and 636 households are a published older figure;
how they are spread over the villages, and all people in them, are invented.
"""

from __future__ import annotations

from dataclasses import dataclass

TOWNSHIP_CODE = "431230203"
TOWNSHIP_NAME = "大高坪苗族乡"


@dataclass(frozen=True, slots=True)
class VillagePlan:
    """A village to be made: code, name, groups and households."""

    code: str
    name: str
    groups: int
    households: int


VILLAGES = (
    VillagePlan("431230203200", "大高坪村", 7, 186),
    VillagePlan("431230203201", "黄柏村", 6, 158),
    VillagePlan("431230203202", "地了村", 5, 131),
    VillagePlan("431230203203", "龙寨塘村", 6, 161),
)

COUNTY_VILLAGES = 164
COUNTY_HOUSEHOLDS = 50_000


def county_villages() -> tuple[VillagePlan, ...]:
    """The four villages and 160 sample ones, 50,000 households in all, for trying the size of a county."""
    others = COUNTY_VILLAGES - len(VILLAGES)
    left = COUNTY_HOUSEHOLDS - sum(plan.households for plan in VILLAGES)
    plans = list(VILLAGES)
    for index in range(others):
        households = left // (others - index)
        left -= households
        # The township has no real village with these codes.
        plans.append(VillagePlan(f"{TOWNSHIP_CODE}{300 + index}", f"示例村{index + 1:03d}", 10, households))
    return tuple(plans)


NUMERALS = "一二三四五六七八九十"


def group_name(number: int) -> str:
    """`第三组`."""
    return f"第{NUMERALS[number - 1]}组"


@dataclass(frozen=True, slots=True)
class OfficePlan:
    """An office to be made, with what it handles."""

    code: str
    name: str
    handles: str


# 六办三中心一大队: the structure that township reform in Hunan uses; phones and people are invented.
OFFICES = (
    OfficePlan("B1", "党政综合办公室", "公文、会务、值班、信访接待"),
    OfficePlan("B2", "基层党建办公室", "党建、人才、村级组织"),
    OfficePlan("B3", "经济发展办公室", "产业、茶园、集体经济、统计"),
    OfficePlan("B4", "社会事务办公室", "民政、教育、卫生健康、养老"),
    OfficePlan("B5", "社会治安和应急管理办公室", "矛盾调解、平安建设、森林防火、防汛"),
    OfficePlan("B6", "自然资源和生态环境办公室", "建房、饮水、道路、垃圾处理"),
    OfficePlan("Z1", "政务服务中心", "证照、社保、医保代办"),
    OfficePlan("Z2", "农业综合服务中心", "种养技术、水利、农机"),
    OfficePlan("Z3", "文化和退役军人服务中心", "文化活动、节庆、退役军人服务"),
    OfficePlan("D1", "综合行政执法大队", "市场、环境、建房巡查"),
)
