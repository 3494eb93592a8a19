from django.contrib import admin
from django.urls import include, path

from annotation.views.home import home

urlpatterns = [
    path("", home, name="home"),
    path("", include("annotation.urls")),
    path("", include("learning.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
]
