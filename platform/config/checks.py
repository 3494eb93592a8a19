"""System checks: what must hold before the site starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.compatibility)
def platform_is_no_package(**kwargs: Any) -> list[CheckMessage]:
    """`platform/__init__.py` or a module beside it would shadow Python's own `platform` for every library."""
    loose = sorted(path.name for path in (settings.ROOT / "platform").glob("*.py"))
    return [
        Error(
            f"platform/{name} must not exist: it would shadow a module of Python's own.",
            id="config.E001",
        )
        for name in loose
    ]
