"""Writes about people."""

import secrets

from accounts.models import User


def user_create(*, username: str, role: str, password: str | None = None) -> tuple[User, str]:
    """Create a user; a random password is made where none is given. Returns the user and the password, once."""
    password = password or secrets.token_urlsafe(12)
    user = User(username=username, role=role)
    if role == User.Role.ADMIN:
        user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.full_clean()
    user.save()
    return user, password
