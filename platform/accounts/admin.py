from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from accounts.models import ApiToken, User


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Semblance", {"fields": ("role",)}))
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Semblance", {"fields": ("role",)}))


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens can be seen and deleted here; `manage.py token_create` makes them."""

    list_display = ("user", "name", "expires", "created")
    list_select_related = ("user",)
    readonly_fields = ("user", "name", "expires", "created")
    exclude = ("sha256",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
