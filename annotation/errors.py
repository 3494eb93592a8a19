"""Errors that a caller decides upon. Doorways turn them into 4xx answers; anything else is a bug and a 500."""


class AnnotationError(Exception):
    """Something that was asked for cannot be done; the message is one sentence for the person who asked."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ImportRefused(AnnotationError):
    """The stimuli contradict what is already there; nothing was imported."""


class WrongState(AnnotationError):
    """A campaign, round or assignment is not in the state that the step needs."""

    status = 409


class NothingToAsk(AnnotationError):
    """No question could be proposed."""


class VoteRejected(AnnotationError):
    """A vote that may not be counted: wrong worker, wrong question, or its place was given to somebody else."""

    status = 409


class NothingToFreeze(AnnotationError):
    """No question has a majority, so there is no triplet to learn from."""
