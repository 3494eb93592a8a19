"""What the columns of a bundle's tables hold, for its Croissant metadata."""

from annotation.formats.answers.table import ANSWER_COLUMNS
from annotation.formats.exports.table import COLUMNS as TRIPLET_COLUMNS

_TRIPLETS = {
    "anchor": ("Text", "Key of the stimulus that the others were compared with."),
    "nearer": ("Text", "Key of the candidate that is more like it."),
    "farther": ("Text", "Key of the other candidate."),
    "weight": ("Float", "How reliable the triplet is, by the method that the manifest names."),
    "margin": ("Integer", "Difference between the votes for the two candidates."),
    "votes_nearer": ("Integer", "Votes for the nearer."),
    "votes_farther": ("Integer", "Votes for the farther."),
    "split": ("Text", "train, validation or test: the split of all three stimuli."),
    "round": ("Integer", "Number of the round that asked; 0 where nobody was asked."),
}
_STIMULI = {
    "key": ("Text", "Name of the stimulus."),
    "kind": ("Text", "image, landmarks, points, mesh or text."),
    "subject": ("Text", "Who is shown, where known."),
    "neutral": ("Text", "Key of the same subject's neutral stimulus, where there is one."),
    "split": ("Text", "train, validation or test."),
    "labels": ("Text", "Labels as a JSON object."),
    "text": ("Text", "What is read, where the stimulus is a text."),
}
_ANSWERS = {
    "round": ("Integer", "Number of the round whose bundle was answered."),
    "hit": ("Integer", "Number of the bundle in the round."),
    "assignment": ("Integer", "The worker's turn at the bundle."),
    "question": ("Integer", "Number of the question."),
    "kind": ("Text", "triplet or label."),
    "probe": ("Text", "gold, attention or repeat where the answer is no vote."),
    "reference": ("Text", "Key of the stimulus in question."),
    "a": ("Text", "Key of the first candidate."),
    "b": ("Text", "Key of the second candidate."),
    "worker": ("Text", "Pseudonym of the worker."),
    "left": ("Text", "The candidate shown on the left: a or b."),
    "choice": ("Text", "a, b, the number of the label, or x for can't tell."),
    "label": ("Text", "The label chosen."),
    "expected": ("Text", "The right choice, where it is known."),
    "response_ms": ("Integer", "Milliseconds from the pictures to the answer."),
    "server_ms": ("Integer", "Milliseconds since the answer before, on the server's clock."),
    "created": ("DateTime", "When the server had it."),
    "slot": ("Integer", "The slot that the vote fills."),
    "counted": ("Text", "yes where it is a vote that counts."),
    "reason": ("Text", "Why it does not count."),
}
COLUMNS = {
    "triplets.csv": {name: _TRIPLETS[name] for name in TRIPLET_COLUMNS},
    "stimuli.csv": _STIMULI,
    "votes.csv": {name: _ANSWERS[name] for name in ANSWER_COLUMNS},
}
ABOUT = {
    "triplets.csv": "One row a triplet: the anchor is more like the nearer than like the farther.",
    "stimuli.csv": "One row a stimulus of the collection.",
    "votes.csv": "One row an answer, with those that do not count.",
}
