"""Stimuli from files: folders, archives and manifests of pictures, landmarks, point clouds, meshes and texts."""

from annotation.formats.limits import Limits
from annotation.formats.stimuli.batch import StimulusBatch, StimulusRow
from annotation.formats.stimuli.pictures import PictureSource
from annotation.formats.stimuli.reader import read_stimuli

__all__ = ["Limits", "PictureSource", "StimulusBatch", "StimulusRow", "read_stimuli"]
