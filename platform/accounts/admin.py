from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from accounts.models import User


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Semblance", {"fields": ("role",)}))
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Semblance", {"fields": ("role",)}))
