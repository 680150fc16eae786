"""What the demo's people asked for: 53 demands, of which 46 are solved, and ten petitions, all concluded.

Matters, places and people are invented; no dispute lies in a real village (petitions name 示例单位).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemandPlan:
    """One demand: what kind, what was asked, which office answers it and how."""

    category: str
    text: str
    office: str
    answer: str


_DEMANDS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("道路", "B6", "已清理并加固，请放心通行。", (
        "组里通往茶园的机耕路塌了一段，三轮车过不去。", "村口弯道护栏松了，晚上开车害怕。", "便道下雨积水，老人孩子滑倒过两次。",
        "后山小路长满杂草，上坟和干活不好走。", "桥头水泥板裂了缝，想请人来看看。", "进寨的路灯杆被车撞歪，挡了半边路。",
    )),
    ("饮水", "B6", "水管已换，水质检测合格。", (
        "水压不够，住在高处的几户晚上没水。", "蓄水池好久没清洗，水有点浑。", "水管冻裂漏水，水费多了不少。",
        "枯水季想接第二处水源。", "水表坏了一直没换。",
    )),
    ("路灯", "B6", "灯已修好，晚上请再看一看。", (
        "球场边两盏路灯不亮。", "第二个岔路口没有路灯，孩子下晚自习看不见。", "太阳能路灯亮一会儿就灭。", "鼓楼前路灯一直闪。",
        "河边步道想加一盏灯。", "组里路灯白天亮、晚上不亮。",
    )),
    ("垃圾", "B6", "已加收一次，并添了垃圾桶。", (
        "垃圾箱满了好几天没人拉。", "河边有人倒建筑垃圾。", "离垃圾点太远，老人提不动。", "赶集以后路边垃圾没人扫。", "希望多放两个分类垃圾桶。",
    )),
    ("水利", "Z2", "水渠已疏通，放水时间已贴在组里。", (
        "水渠被泥沙堵了，下边的田进不了水。", "山塘放水闸门锈死。", "电灌站水泵坏了。", "渠道漏水，田坎湿软。", "想请人来看看能不能修个小水坝。",
    )),
    ("产业", "Z2", "技术员已上门，资料已留下。", (
        "茶苗叶子发黄，想请技术员看看。", "想学养蜂，问有没有培训。", "油茶老林改造怎么申请？", "茶青收购价想有个公开的牌子。",
        "想跟着示范茶园种两亩，怎么报名？", "黑木耳菌棒哪里买靠得住？",
    )),
    ("民政", "B4", "已上门核实，按规定办理，结果已告知。", (
        "父亲瘫痪在床，想问护理补贴怎么办。", "房子漏雨，一个人住，想请帮忙修补。", "临时救助要哪些材料？", "老人高龄补贴这个月没到账。",
        "残疾证到期了，出不了门，能不能上门办？", "孩子上学有困难，问助学怎么申请。",
    )),
    ("用电", "B3", "供电所已来改线，电压正常。", (
        "打米机一开，周围几户灯就暗。", "电线离房檐太近。", "电杆斜了，刮风怕倒。", "新房想装电表，问怎么报装。",
    )),
    ("政务", "Z1", "已帮办，证照已送到手上。", (
        "老人身份证过期，走不动，能不能上门照相？", "社保卡丢了怎么补？", "在外打工，医保怎么报销？", "想办营业执照开小卖部。",
    )),
    ("安全", "B5", "已查看并拉了警戒线，会安排人盯守。", (
        "屋后山坡有裂缝，下大雨睡不着。", "老木房电线老化，怕起火。", "寨子里消防栓没有水。",
    )),
    ("文化", "Z3", "已安排，时间会在村口贴出来。", (
        "想借音响排练大戊梁文化节的节目。", "农家书屋周末能不能开门？", "老人想有个下棋的地方。",
    )),
)  # fmt: skip

DEMANDS: tuple[DemandPlan, ...] = tuple(
    DemandPlan(category, text, office, answer) for category, office, answer, texts in _DEMANDS for text in texts
)
SOLVED_DEMANDS = 46


@dataclass(frozen=True, slots=True)
class PetitionPlan:
    """One petition: `evaluated` is None where none was given; `evaluable` is false where the law asks for none."""

    channel: str
    category: str
    text: str
    evaluable: bool = True
    evaluated: str | None = "satisfied"
    joint: bool = False


PETITIONS: tuple[PetitionPlan, ...] = (
    PetitionPlan("visit", "claim", "反映示例单位修路占用田坎，补偿款的面积少算了一分二，请求重新丈量。"),
    PetitionPlan("visit", "claim", "反映退耕还林补助有一年没有到账，请求查明并补发。"),
    PetitionPlan("letter", "claim", "反映示例单位施工损坏水管，几户人家停水三天，请求修复。"),
    PetitionPlan("call", "suggestion", "建议赶集日在示例路口安排人疏导车辆。"),
    PetitionPlan("visit", "claim", "反映老房确权登记的四至写错，请求更正。"),
    PetitionPlan("online", "claim", "反映示例单位拖欠零工工资，请求协调支付。"),
    PetitionPlan("visit", "claim", "反映林权证上的界线写得不清，请求查档并到现场指认。"),
    PetitionPlan("hotline", "claim", "反映班车临时改道后老人出行不便，请求恢复停靠点。"),
    PetitionPlan("visit", "claim", "反映危房改造的申请没有答复，请求告知结果和理由。", evaluated=None),
    PetitionPlan(
        "letter", "claim", "所反映的合同纠纷已经由法院受理，请求说明办理途径。", evaluable=False, evaluated=None
    ),
)
