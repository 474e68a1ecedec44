"""Why an expert leaves a roster (二（三）): the closed list of data/reference/exit_reasons.csv."""

from django.db import models


class ExitEffect(models.TextChoices):
    DISCRETIONARY = "discretionary", "酌定"
    MANDATORY = "mandatory", "应退"
    ADMINISTRATIVE = "administrative", "登记"


class ExitReason(models.TextChoices):
    CROSS_REGION_TRANSFER = "cross_region_transfer", "跨区域工作调动"
    CROSS_DEPARTMENT_TRANSFER = "cross_department_transfer", "跨部门工作调动"
    CROSS_FIELD_TRANSFER = "cross_field_transfer", "跨领域工作调动"
    ACADEMIC_MISCONDUCT = "academic_misconduct", "学术不端"
    OVERDUE_ABROAD = "overdue_abroad", "出国逾期不归"
    INAPPROPRIATE_REMARKS = "inappropriate_remarks", "发表不当言论"
    ADVERSE_SOCIAL_IMPACT = "adverse_social_impact", "造成不良社会影响"
    DISCIPLINE_OR_LAW_VIOLATION = "discipline_or_law_violation", "违法违纪"
    NO_LONGER_QUALIFIES = "no_longer_qualifies", "不再符合联系条件"
    DECEASED = "deceased", "去世"
    OWN_REQUEST = "own_request", "本人申请不再联系"


MANDATORY = frozenset(
    {
        ExitReason.ACADEMIC_MISCONDUCT,
        ExitReason.OVERDUE_ABROAD,
        ExitReason.INAPPROPRIATE_REMARKS,
        ExitReason.ADVERSE_SOCIAL_IMPACT,
        ExitReason.DISCIPLINE_OR_LAW_VIOLATION,
    }
)
DISCRETIONARY = frozenset(set(ExitReason) - MANDATORY - {ExitReason.DECEASED})


def effect_of(reason: ExitReason) -> ExitEffect:
    if reason in MANDATORY:
        return ExitEffect.MANDATORY
    return ExitEffect.DISCRETIONARY if reason in DISCRETIONARY else ExitEffect.ADMINISTRATIVE
