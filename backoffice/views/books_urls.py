"""Addresses of the books."""

from django.urls import URLPattern, URLResolver, path

from backoffice.views import books

urlpatterns: list[URLPattern | URLResolver] = [path("<str:format>/", books.journal, name="books")]
