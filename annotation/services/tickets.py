"""A ticket: what lets the holder of an assignment answer it, and nothing else.

It is signed, names the assignment and its worker, and is given out with the HIT to somebody whose right to it was
checked. An answer that comes with it needs no session: answers are saved though the sign-in has ended meanwhile, and a
request costs no look-up of who sent it. Whether the assignment is still held is asked of the database each time.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing

from annotation.errors import VoteRejected
from annotation.models import Assignment, Campaign

_SALT = "annotation.ticket"
# A browser may be closed with answers in it for this long, and they are still taken.
MAX_AGE = timedelta(days=30)


@dataclass(frozen=True)
class Ticket:
    assignment_id: int
    worker_id: int
    seed: int
    choices: int  # labels to choose from
    cant_tell: bool


def ticket_make(*, assignment: Assignment, campaign: Campaign) -> str:
    facts = [assignment.pk, assignment.worker_id, assignment.seed, len(campaign.choices), int(campaign.cant_tell)]
    return signing.dumps(facts, salt=_SALT)


def ticket_read(text: object) -> Ticket:
    """The ticket, if we made it.

    Raises:
        VoteRejected: We did not, or too long ago.
    """
    try:
        facts = signing.loads(text if isinstance(text, str) else "", salt=_SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        raise VoteRejected("The ticket of this HIT is not valid; claim the HIT again.") from None
    assignment_id, worker_id, seed, choices, cant_tell = facts
    return Ticket(assignment_id, worker_id, seed, choices, bool(cant_tell))
