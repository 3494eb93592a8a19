"""Channels by name, loaded at first use."""

from functools import cache
from typing import cast

from django.utils.module_loading import import_string

from annotation.crowd.base import CrowdChannel
from annotation.errors import AnnotationError

CHANNELS = {
    "local": "annotation.crowd.local.LocalChannel",
    "simulated": "annotation.crowd.simulated.SimulatedChannel",
}


@cache
def channel_get(name: str) -> CrowdChannel:
    """The channel of that name.

    Raises:
        AnnotationError: There is none.
    """
    if name not in CHANNELS:
        raise AnnotationError(f"There is no channel {name!r}; there are {', '.join(sorted(CHANNELS))}.")
    return cast(CrowdChannel, import_string(CHANNELS[name])())
