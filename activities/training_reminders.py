"""What classes of training remind of (四（一）): nominations that close, classes that begin. The queries are
built as those of activities/reminders.py; what they name is a class, never an expert."""

from experts.reminders import readable
from reminders.registry import Number, Rule

WORKS = """coalesce((SELECT off.is_workday FROM core_holiday off WHERE off.day = {day}),
        extract(isodow FROM {day}) < 6)"""


def workdays_ahead(day: str, number: str) -> str:
    """SQL: joins the day of the window that is so many working days before `day`, itself one of them; counted
    as core.workdays.workdays_between does."""
    each = WORKS.format(day="step.day")
    return f"""
    JOIN days ON {day} > days.day AND {day} <= days.day + {number} * 3 + 30 AND {WORKS.format(day="days.day")}
        AND {number} = (SELECT count(*) FROM (SELECT at::date AS day FROM generate_series(
            (days.day + 1)::timestamp, {day}::timestamp, interval '1 day') at) step WHERE {each})"""


def classes_on(day: str) -> str:
    """SQL: classes of approved plans before that day of theirs, on the days when to remind of it."""
    return f"""
    FROM activities_trainingclass training
    JOIN activities_trainingplan plan ON plan.id = training.plan_id AND plan.state = 'approved'
    JOIN tuning ON tuning.place = training.place CROSS JOIN clock
    {workdays_ahead(day, "tuning.before")}"""


COMING = "training.state = 'planned' AND (chosen IS NULL OR training.id = ANY (chosen))"
# Officers of the organiser and of units below it that have somebody to put forward and have put nobody.
CLASS_CLOSING = Rule(
    key="class_closing",
    name="研修推荐将截止",
    about="您的单位可以推荐而还没有推荐的班次，推荐截止前几个工作日",
    clause="四（一）",
    text="有一个研修班次的推荐即将截止，您的单位还没有推荐",
    query=f"""
    SELECT training.id, posts.user_id, days.due_at, NULL::bigint, training.uuid
    {classes_on("training.nominate_by")}
    JOIN posts ON posts.role = 'liaison_officer' AND posts.low BETWEEN tuning.place AND tuning.place_end
    JOIN people person ON person.id = posts.user_id
    WHERE {COMING} AND training.nominate_by >= clock.today
      AND NOT EXISTS (SELECT FROM activities_nomination put WHERE put.training_id = training.id
          AND put.place BETWEEN posts.low AND posts.high
          AND put.state IN ('nominated', 'confirmed', 'waiting') AND {readable("put", "put.expert_id")})
      AND EXISTS (SELECT FROM experts_expert expert WHERE expert.died_on IS NULL AND expert.label < 2
          AND expert.unit_order BETWEEN posts.low AND posts.high AND {readable("expert", "expert.id")})""",
    page="training:detail",
    numbers=(Number("before", "截止前几个工作日提醒", 3, 1, 30, "个工作日"),),
)
# The organiser, and whoever put forward somebody with a place; where they are gone, the officers of the unit.
CLASS_STARTING = Rule(
    key="class_starting",
    name="研修班次将开班",
    about="由您安排的班次，和您的单位推荐的专家已确认参加的班次，开班前几个工作日",
    clause="四（一）",
    text="有一个研修班次即将开班",
    query=f"""
    SELECT training.id, posts.user_id, days.due_at, NULL::bigint, training.uuid
    {classes_on("training.starts_on")}
    JOIN posts ON 'change' = ANY (posts.rights) AND training.place BETWEEN posts.low AND posts.high
        AND (posts.user_id = training.created_by_id
             OR posts.unit_id = training.unit_id AND posts.role = 'liaison_officer')
    WHERE {COMING} AND training.starts_on > clock.today
    UNION
    SELECT training.id, posts.user_id, days.due_at, NULL::bigint, training.uuid
    {classes_on("training.starts_on")}
    JOIN activities_nomination put ON put.training_id = training.id AND put.state = 'confirmed'
    JOIN posts ON 'change' = ANY (posts.rights) AND put.place BETWEEN posts.low AND posts.high
        AND (posts.user_id = put.nominated_by_id
             OR posts.unit_id = put.unit_id AND posts.role = 'liaison_officer')
    JOIN people person ON person.id = posts.user_id
    WHERE {COMING} AND training.starts_on > clock.today AND {readable("put", "put.expert_id")}""",
    page="training:detail",
    numbers=(Number("before", "开班前几个工作日提醒", 1, 1, 30, "个工作日"),),
)
RULES = (CLASS_CLOSING, CLASS_STARTING)
