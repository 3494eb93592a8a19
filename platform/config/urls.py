from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from annotation.views.home import home

urlpatterns = [
    path("", home, name="home"),
    path("", include("annotation.urls")),
    path("", include("learning.urls")),
    path("language/", login_not_required(set_language), name="language"),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
]
