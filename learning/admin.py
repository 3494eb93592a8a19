"""The admin's view of runs and the ledger: shown, not edited, because services guard every step."""

from django.contrib import admin

from annotation.admin import ReadOnlyAdmin
from learning.models import Evaluation, Job, Plan, Run, Selection


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("id", "campaign", "model", "status", "seed", "code_version", "created", "finished")
    list_filter = ("status", "model")


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "run", "status", "attempt", "lease_until", "created", "finished")
    list_filter = ("status", "kind")


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    list_display = ("campaign", "model", "selector", "select_count", "automatic")


@admin.register(Selection)
class SelectionAdmin(ReadOnlyAdmin):
    list_display = ("run", "round", "selector", "seed", "pool_size", "created")


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ("run", "created")
