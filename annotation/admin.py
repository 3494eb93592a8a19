"""The admin's view of rows. What people answered is shown and never edited."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from annotation.models import (
    Campaign,
    Collection,
    Dataset,
    Participation,
    Probe,
    Round,
    UncountedVote,
    Vote,
    Worker,
)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "owner", "collection", "status", "votes_per_question", "created")
    list_filter = ("status", "channel")
    search_fields = ("name", "slug", "owner__username")
    # A campaign's state moves by services, which check the step; here it is only shown.
    readonly_fields = ("status", "slug")


@admin.register(Collection)
class CollectionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "owner", "landmark_scheme", "created")
    search_fields = ("name", "owner__username")
    readonly_fields = ("feature_shape",)


@admin.register(Round)
class RoundAdmin(ReadOnlyAdmin):
    list_display = ("campaign", "number", "status", "opened", "closed")
    list_filter = ("status",)


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ("pseudonym", "channel", "external_id", "user", "created")
    list_filter = ("channel",)
    search_fields = ("pseudonym", "external_id")


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("id", "question_id", "worker", "choice", "left", "response_ms", "created")
    list_select_related = ("worker",)
    show_full_result_count = False


@admin.register(UncountedVote)
class UncountedVoteAdmin(ReadOnlyAdmin):
    list_display = ("id", "question_id", "worker", "choice", "left", "reason", "since")
    list_filter = ("reason",)
    list_select_related = ("worker",)
    show_full_result_count = False


@admin.register(Probe)
class ProbeAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "worker", "question_id", "choice", "response_ms", "answered")
    list_filter = ("kind",)
    list_select_related = ("worker",)
    show_full_result_count = False


@admin.register(Participation)
class ParticipationAdmin(ReadOnlyAdmin):
    list_display = ("worker", "campaign", "standing", "weight", "trusted", "rejection", "decided", "decided_by")
    list_filter = ("standing", "rejection", "trusted")
    list_select_related = ("worker", "campaign", "decided_by")
    search_fields = ("worker__pseudonym", "campaign__name")


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ("id", "campaign", "triplets", "stimuli", "content_sha256", "created")
