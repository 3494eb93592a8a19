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


class ApiToken(models.Model):
    """Lets a program read what its owner may read, until it expires. The token itself is kept nowhere."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80, blank=True, help_text="What it is for.")
    sha256 = models.CharField(max_length=64, unique=True)
    expires = models.DateTimeField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name or 'Token'} of {self.user}"
