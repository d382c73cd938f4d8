"""Addresses of the floor's screens."""

from django.urls import URLPattern, path

from backoffice.floor.counting import count
from backoffice.floor.home import home
from backoffice.floor.look_up import look_up
from backoffice.floor.seeing import decode

app_name = "floor"
urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
    path("look-up/", look_up, name="look_up"),
    path("count/", count, name="count"),
    path("see/", decode, name="see"),
]
