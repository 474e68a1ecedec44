"""What an audit event says was done."""

from django.db import models


class Verb(models.TextChoices):
    SIGN_IN = "sign_in", "登录"
    SIGN_OUT = "sign_out", "退出登录"
    CREATE = "create", "新增"
    CHANGE = "change", "修改"
    DELETE = "delete", "删除"
    GRANT = "grant", "授予"
    REVOKE = "revoke", "收回"
    REQUEST = "request", "申请"
    CONFIRM = "confirm", "确认"
    VIEW = "view", "查看"
    REVEAL = "reveal", "显示敏感信息"
    IMPORT = "import", "导入"
    EXPORT = "export", "导出"
    REFUSED = "refused", "被拒绝"
