"""All addresses of the site."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from backoffice.views import webhooks

handler404 = "backoffice.views.public.nothing_here"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("favicon.ico", RedirectView.as_view(url=static("backoffice/icon.svg"))),
    path("", include("backoffice.views.urls")),
    path("books/", include("backoffice.views.books_urls")),
    path("floor/", include("backoffice.floor.urls")),
    path("api/", include("backoffice.api.urls")),
    path("webhooks/<int:connection_id>/", webhooks.receive, name="webhook"),
    path("admin/", admin.site.urls),
]
