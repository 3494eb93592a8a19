"""`manage.py create_user NAME --role researcher`: a user with a random password, printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services import user_create


class Command(BaseCommand):
    help = "Create a user with a random password, which is printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=User.Role.values, default=User.Role.ANNOTATOR)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, password = user_create(username=options["username"], role=options["role"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{user.username} ({user.get_role_display()}), password {password} (shown only now)")
