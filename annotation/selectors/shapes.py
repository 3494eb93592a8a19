"""What a browser turns of a stimulus: points in space and the triangles between them."""

import numpy as np
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from annotation.formats.stimuli.meshes import pack, unpack
from annotation.models import Stimulus
from annotation.selectors.features import features_read

_IN_SPACE = (Stimulus.Kind.POINTS, Stimulus.Kind.LANDMARKS)


def shape_read(stimulus: Stimulus) -> bytes:
    """The stimulus in the compact form of formats/stimuli/meshes.py; points have no triangles.

    Raises:
        FileNotFoundError: The mesh's file is not in the storage.
        ValueError: The stimulus has no shape.
    """
    if stimulus.mesh:
        with default_storage.open(stimulus.mesh, "rb") as file:
            content: bytes = file.read()
            return content
    points = features_read([stimulus]) if stimulus.kind in _IN_SPACE else None
    if points is None:
        raise ValueError(f"Stimulus {stimulus.key} has no shape.")
    return pack(points[0], None)


def mesh_read(stimulus: Stimulus) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """(n, 3) vertices and (m, 3) triangles of a mesh.

    Raises:
        FileNotFoundError: The mesh's file is not in the storage.
        ValueError: The file is damaged.
    """
    with default_storage.open(stimulus.mesh, "rb") as file:
        return unpack(file.read())
