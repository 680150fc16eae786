"""What people call a role, and the duty of the same name: one vocabulary for pages, workbooks and the API."""

from __future__ import annotations

from shared.identity.principal import Role

ROLE_WORDS: dict[Role, str] = {
    Role.PUBLIC: "访客",
    Role.RESIDENT: "村民",
    Role.SYSTEM: "系统",
    Role.GRID_MEMBER: "片组邻长",
    Role.CADRE: "村干部",
    Role.KEEPER: "超市管理员",
    Role.JUDGE: "评议员",
    Role.SUPERVISOR: "村务监督委员会主任",
    Role.HANDLER: "办公室经办人",
    Role.LEADER: "接访领导",
    Role.CLERK: "信访专干",
    Role.DISCIPLINE: "纪检干部",
    Role.ADMIN: "乡镇管理员",
    Role.AUDITOR: "审计监督",
    Role.OPERATOR: "运维",
}
