"""Addresses of the floor's screens."""

from django.urls import URLPattern, path

from backoffice.floor.arriving import receive
from backoffice.floor.counting import count
from backoffice.floor.home import home
from backoffice.floor.look_up import look_up
from backoffice.floor.moving import move
from backoffice.floor.putting_away import put_away
from backoffice.floor.receiving import loose, purchase, transfer
from backoffice.floor.seeing import decode

app_name = "floor"
urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
    path("look-up/", look_up, name="look_up"),
    path("count/", count, name="count"),
    path("receive/", receive, name="receive"),
    path("receive/order/<str:number>/", purchase, name="receive_purchase"),
    path("receive/transfer/<str:number>/", transfer, name="receive_transfer"),
    path("receive/loose/<str:warehouse>/", loose, name="receive_loose"),
    path("move/", move, name="move"),
    path("put-away/", put_away, name="put_away"),
    path("see/", decode, name="see"),
]
