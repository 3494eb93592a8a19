"""The error of the designs: asked for more, or for other things, than the stimuli allow."""

from annotation.errors import AnnotationError


class DesignImpossible(AnnotationError, ValueError):
    """No such set of triplets, subset or split exists; the message says why in one sentence."""
