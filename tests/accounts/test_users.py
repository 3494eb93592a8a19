"""Users and their roles."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import user_create

pytestmark = pytest.mark.django_db


def test_a_user_gets_a_random_password_that_works(capsys):
    call_command("create_user", "dora", "--role", "researcher")
    password = capsys.readouterr().out.split("password ")[1].split(" ")[0]
    dora = User.objects.get(username="dora")
    assert dora.check_password(password)
    assert len(password) >= 16
    assert (dora.runs_campaigns, dora.is_admin, dora.is_staff) == (True, False, False)


def test_a_name_that_is_taken_is_refused(alice):
    with pytest.raises(CommandError, match="already exists"):
        call_command("create_user", "alice")


def test_an_unknown_role_is_refused_by_service_and_database(alice):
    with pytest.raises(ValidationError):
        user_create(username="eve", role="emperor")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=alice.pk).update(role="emperor")


def test_an_admin_may_everything_and_an_annotator_runs_nothing(admin, bob):
    assert (admin.is_admin, admin.runs_campaigns, admin.is_staff) == (True, True, True)
    assert (bob.is_admin, bob.runs_campaigns) == (False, False)
