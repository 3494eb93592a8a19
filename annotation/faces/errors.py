"""The error of the faces' code: bad points, named by row."""

from annotation.errors import AnnotationError


class FaceError(AnnotationError, ValueError):
    """Landmarks that cannot be a face of the scheme named; the message says which row and why."""
