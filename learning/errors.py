"""Errors that a caller decides upon."""


class LearningError(Exception):
    """Something that was asked for cannot be done; the message is one sentence for the person who asked."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class JobLost(LearningError):
    """The job's lease went to another worker: this process must stop and write nothing more."""

    status = 409
