"""The admin shows what people answered and how they stand, and lets nobody change it."""

import pytest
from django.urls import reverse

from annotation.models import Assignment, Participation, Probe, UncountedVote
from annotation.services.assignments import assignment_claim
from annotation.services.conduct import worker_exclude
from annotation.services.workers import worker_get
from tests.factories import answer_all

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [Probe, Participation, UncountedVote])
def test_answers_and_standings_are_shown_and_never_edited(model, client, admin, alice, open_round):
    admin.is_staff = admin.is_superuser = True
    admin.save()
    client.force_login(admin)
    assignment = assignment_claim(campaign=open_round.campaign, worker=worker_get(channel="test", external_id="w"))
    question = open_round.questions.first()
    fields = {"assignment": assignment, "worker": assignment.worker, "question": question}
    Probe.objects.create(**fields, kind="repeat", place=1, left="a")
    answer_all(assignment)
    worker_exclude(participation=Participation.objects.get(), by=alice)
    assert Assignment.objects.get().status == "excluded"
    name, row = model._meta.model_name, model.objects.first()
    page = client.get(reverse(f"admin:annotation_{name}_changelist"))
    assert page.status_code == 200
    assert assignment.worker.pseudonym in page.content.decode()
    assert client.get(reverse(f"admin:annotation_{name}_add")).status_code == 403
    assert client.post(reverse(f"admin:annotation_{name}_change", args=[row.pk]), {}).status_code == 403
    assert client.post(reverse(f"admin:annotation_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()
