"""People who sign in. What each may do is in permissions.py."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    class Role(models.TextChoices):
        ANNOTATOR = "annotator", "Annotator"
        RESEARCHER = "researcher", "Researcher"
        ADMIN = "admin", "Admin"

    role = models.CharField(max_length=16, choices=Role, default=Role.ANNOTATOR)

    class Meta(AbstractUser.Meta):
        constraints = (
            models.CheckConstraint(
                condition=models.Q(role__in=["annotator", "researcher", "admin"]), name="accounts_user_role_known"
            ),
        )

    @property
    def is_admin(self) -> bool:
        return self.is_superuser or self.role == self.Role.ADMIN

    @property
    def runs_campaigns(self) -> bool:
        """Researchers run their own campaigns, admins everybody's."""
        return self.is_admin or self.role == self.Role.RESEARCHER
