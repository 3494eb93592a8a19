"""Whether a worker may take another HIT of a campaign, and why not."""

from django.db.models import Sum

from annotation.models import Campaign, Participation, Round, Vote

STOPPED = (Participation.Standing.PAUSED, Participation.Standing.EXCLUDED)


def votes_allowed(campaign: Campaign) -> int | None:
    """The votes that one worker may give in a campaign; None where there is no limit.

    The share is of the votes wanted in all rounds that are or were open. One HIT is always allowed.
    """
    if campaign.max_share >= 100:
        return None
    asked = campaign.rounds.exclude(status=Round.Status.PROPOSED).aggregate(size=Sum("size"))["size"] or 0
    return share_of(campaign, asked)


def share_of(campaign: Campaign, asked: int) -> int:
    """The votes that one worker may give where so many questions are or were asked."""
    return max(asked * campaign.votes_per_question * campaign.max_share // 100, campaign.hit_size)


def share_reached(participation: Participation) -> bool:
    """Whether another whole HIT would be more than the worker may give."""
    campaign = participation.campaign
    allowed = votes_allowed(campaign)
    if allowed is None:
        return False
    given = Vote.objects.filter(worker=participation.worker_id, question__campaign=campaign).count()
    return given + campaign.hit_size > allowed


def may_take_more(participation: Participation) -> bool:
    return participation.standing not in STOPPED and not share_reached(participation)


def why_nothing(participation: Participation) -> str:
    """Why a worker is given nothing: campaign-paused, campaign-closed, paused, excluded, share, or nothing (left)."""
    campaign = participation.campaign
    if campaign.status == Campaign.Status.PAUSED:
        return "campaign-paused"
    if campaign.status == Campaign.Status.CLOSED:
        return "campaign-closed"
    if participation.standing in STOPPED:
        return str(participation.standing)
    return "share" if share_reached(participation) else "nothing"
