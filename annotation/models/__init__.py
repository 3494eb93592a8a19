"""Rows of everything that asks people. Fields, constraints, tiny properties; writes are in services."""

from annotation.models.campaign import Campaign, Round
from annotation.models.collection import Collection, FeatureBlock, Split, Stimulus
from annotation.models.consensus import Consensus, Tally
from annotation.models.dataset import Dataset, DatasetFile
from annotation.models.hit import Assignment, Hit, Worker
from annotation.models.participation import Participation
from annotation.models.probe import Probe
from annotation.models.question import Question
from annotation.models.vote import CANT_TELL, UncountedVote, Vote

__all__ = [
    "CANT_TELL",
    "Assignment",
    "Campaign",
    "Collection",
    "Consensus",
    "Dataset",
    "DatasetFile",
    "FeatureBlock",
    "Hit",
    "Participation",
    "Probe",
    "Question",
    "Round",
    "Split",
    "Stimulus",
    "Tally",
    "UncountedVote",
    "Vote",
    "Worker",
]
