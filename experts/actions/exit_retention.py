"""Deleting what was said in cases of mandatory exit once its years are over (二（三）)."""

from functools import partial

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.unit_settings import SETTINGS, set_below
from audit.actions import record
from audit.verbs import Verb
from experts.models import Evidence, EvidencePurpose, ExitState, ExitText, MandatoryExit, ReviewState
from experts.models.evidence import VAULT
from experts.models.expert import years_before

KEY = "exit_facts_years"


@transaction.atomic
def purge_exits() -> int:
    """As the system: delete texts and papers of cases whose last decision is longer ago than the unit keeps.

    The case itself stays, with who decided and when. Returns of how many cases something was deleted.
    """
    today = timezone.localdate()
    own = [
        When(unit_order__range=(low, high), then=Value(years_before(today, years)))
        for low, high, years in set_below(KEY)
    ]
    default = Value(years_before(today, SETTINGS[KEY].default))
    decided = MandatoryExit.objects.exclude(state=ExitState.PENDING).exclude(review=ReviewState.ASKED)
    over = decided.annotate(
        last=Coalesce("review_at", "decided_at"), limit=Case(*own, default=default) if own else default
    ).filter(last__date__lt=F("limit"))
    texts = list(ExitText.objects.filter(case__in=over.values("pk")).values_list("pk", "case__uuid"))
    papers = list(
        Evidence.objects.filter(purpose=EvidencePurpose.EXIT, about__in=over.values("uuid")).values_list(
            "pk", "about", "stored_as"
        )
    )
    if not texts and not papers:
        return 0
    ExitText.objects.filter(pk__in=[pk for pk, _ in texts]).delete()
    Evidence.objects.filter(pk__in=[pk for pk, _, _ in papers]).delete()
    for _, _, stored_as in papers:
        transaction.on_commit(partial(VAULT.forget, stored_as))
    cases = len({case for _, case in texts} | {about for _, about, _ in papers})
    counts = {"cases": cases, "texts": len(texts), "files": len(papers)}
    record(Verb.DELETE, by=None, kind="exit", counts=counts)
    return cases
