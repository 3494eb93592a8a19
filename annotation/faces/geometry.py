"""Geometry of landmark faces: paper 000 Section V-A (preprocessing and the choice of the neutral face).

Symbols: N faces of P landmarks; points (N, P, 3) with x right, y up, z towards the viewer, in any unit.
"""

import numpy as np
import numpy.typing as npt

from annotation.faces.errors import FaceError
from annotation.faces.schemes import LandmarkScheme

Floats = npt.NDArray[np.float64]
Faces32 = npt.NDArray[np.float32]
Anything = npt.NDArray[np.floating | np.integer]

# Below this share of the face's own size the two eyes are one point and the scale would be noise.
COINCIDING = 1e-6
# Rows × columns of one block of distances between frames of a person: 32 MB.
BLOCK = 4_000_000


def align_faces(points: Anything, scheme: LandmarkScheme, rotation: Anything | None = None) -> Faces32:
    """Bring faces into one frame: x' = Rᵀ(x − c) / ‖e_left − e_right‖ (paper 000, Section V-A).

    e is an eye: the mean of its lower-lid points; c = (e_left + e_right) / 2. Afterwards the point between the eyes is
    the origin and the distance between the eyes is 1.

    Args:
        points: (N, P, 3), any unit.
        scheme: which points are the lower lids; P must be its number of points.
        rotation: (N, 3, 3) pose of each head, turning the neutral pose into the observed one (the form in which pose
            estimates come); its inverse is applied. None: the faces are in neutral pose already.

    Returns:
        (N, P, 3) float32, unit: the distance between the eyes.

    Raises:
        FaceError: wrong shapes, a value that is not finite, a matrix that is no rotation, or eyes that coincide.
    """
    faces = _checked(points, scheme)
    left = faces[:, scheme.left_lower_lid].mean(axis=1)  # (N, 3)
    right = faces[:, scheme.right_lower_lid].mean(axis=1)
    distance = np.linalg.norm(left - right, axis=1)  # (N,)
    extent = np.ptp(faces, axis=1).max(axis=1)
    _refuse(distance <= COINCIDING * extent, "the two eyes coincide, so the face has no scale")
    aligned = (faces - ((left + right) / 2)[:, None, :]) / distance[:, None, None]
    if rotation is not None:
        aligned = aligned @ _checked_rotation(rotation, len(faces))  # row vectors: x @ R = (Rᵀ xᵀ)ᵀ
    out: Faces32 = aligned.astype(np.float32)
    return out


def rotation_from_euler(yaw: npt.ArrayLike, pitch: npt.ArrayLike, roll: npt.ArrayLike) -> Floats:
    """Rotation matrices R = R_y(yaw) · R_x(pitch) · R_z(roll) acting on column vectors.

    Args:
        yaw: radians about the y axis; positive turns the nose to the right of the picture.
        pitch: radians about the x axis; positive turns the nose down.
        roll: radians about the z axis; positive tilts the head counter-clockwise in the picture.

    Returns:
        (..., 3, 3) float64, of the broadcast shape of the angles.
    """
    y, x, z = np.broadcast_arrays(*(np.asarray(angle, dtype=np.float64) for angle in (yaw, pitch, roll)))
    return _about(1, y) @ _about(0, x) @ _about(2, z)


def choose_neutrals(
    points: Anything, subjects: npt.NDArray[np.str_], all_units_absent: npt.NDArray[np.bool_]
) -> dict[str, int]:
    """One neutral face per person (paper 000, Section V-A).

    Among the person's frames in which every action unit is annotated and absent: argmin_i Σ_j ‖x_i − x_j‖₂, j over the
    same frames. The first row wins a tie.

    Args:
        points: (N, P, 3) or (N, D) aligned faces.
        subjects: (N,) the person of each row.
        all_units_absent: (N,) true where action units are annotated and none is present.

    Returns:
        person -> row. A person without a frame that qualifies is left out; the caller decides what that means.

    Raises:
        FaceError: the three do not have one length.
    """
    flat = np.asarray(points, dtype=np.float64).reshape(len(points), -1)
    names, absent = np.asarray(subjects), np.asarray(all_units_absent, dtype=bool)
    if not len(flat) == len(names) == len(absent):
        raise FaceError(f"{len(flat)} faces, {len(names)} subjects and {len(absent)} neutral marks do not match.")
    rows = np.flatnonzero(absent)
    rows = rows[np.argsort(names[rows], kind="stable")]
    people, starts = np.unique(names[rows], return_index=True)
    groups = np.split(rows, starts[1:]) if len(rows) else []
    return {
        str(person): int(group[np.argmin(_distance_sums(flat[group]))])
        for person, group in zip(people, groups, strict=True)
    }


def eye_opening(points: Anything, scheme: LandmarkScheme) -> Floats:
    """Distance between the eyelids, mean of both eyes: ‖mean(upper lid) − mean(lower lid)‖.

    Args:
        points: (N, P, 3); aligned faces make persons comparable.
        scheme: which points are the lids.

    Returns:
        (N,) float64 in the unit of the points.

    Raises:
        FaceError: wrong shapes or a value that is not finite.
    """
    faces = _checked(points, scheme)
    left = faces[:, scheme.left_upper_lid].mean(axis=1) - faces[:, scheme.left_lower_lid].mean(axis=1)
    right = faces[:, scheme.right_upper_lid].mean(axis=1) - faces[:, scheme.right_lower_lid].mean(axis=1)
    opening: Floats = (np.linalg.norm(left, axis=1) + np.linalg.norm(right, axis=1)) / 2
    return opening


def _checked(points: Anything, scheme: LandmarkScheme) -> Floats:
    faces = np.asarray(points, dtype=np.float64)
    if faces.ndim != 3 or faces.shape[1:] != (scheme.points, 3):
        raise FaceError(f"Scheme '{scheme.name}' needs points of shape (N, {scheme.points}, 3), not {faces.shape}.")
    _refuse(np.asarray(~np.isfinite(faces).all(axis=(1, 2))), "a coordinate is not a finite number")
    return faces


def _checked_rotation(rotation: Anything, n: int) -> Floats:
    matrices = np.asarray(rotation, dtype=np.float64)
    if matrices.shape != (n, 3, 3):
        raise FaceError(f"{n} faces need rotations of shape ({n}, 3, 3), not {matrices.shape}.")
    off = np.abs(matrices @ np.swapaxes(matrices, 1, 2) - np.eye(3)).max(axis=(1, 2))
    proper = (off < 1e-3) & (np.linalg.det(np.nan_to_num(matrices)) > 0)
    _refuse(~proper, "the pose is not a rotation matrix")
    return matrices


def _refuse(bad: npt.NDArray[np.bool_], why: str) -> None:
    if bad.any():
        raise FaceError(f"Face in row {int(np.argmax(bad))}: {why}.")


def _about(axis: int, angle: Floats) -> Floats:
    """Rotation by ``angle`` about one axis, (..., 3, 3)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., axis, axis] = 1
    matrix[..., first, first] = matrix[..., second, second] = np.cos(angle)
    matrix[..., second, first] = np.sin(angle)
    matrix[..., first, second] = -np.sin(angle)
    return matrix


def _distance_sums(flat: Floats) -> Floats:
    """Σ_j ‖x_i − x_j‖ for every i, in blocks of rows; ‖a − b‖² = ‖a‖² + ‖b‖² − 2a·b on centred rows."""
    centred = flat - flat.mean(axis=0)
    squares = np.einsum("nd,nd->n", centred, centred)
    sums = np.empty(len(flat))
    step = max(1, BLOCK // len(flat))
    for start in range(0, len(flat), step):
        block = slice(start, start + step)
        squared = squares[block, None] + squares[None, :] - 2 * centred[block] @ centred.T
        sums[block] = np.sqrt(np.maximum(squared, 0)).sum(axis=1)
    return sums
