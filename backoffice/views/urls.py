"""Addresses of the papers and of the mail that is kept here."""

from django.urls import URLPattern, URLResolver, path

from backoffice.views import counting, kept_mail, papers

urlpatterns: list[URLPattern | URLResolver] = [
    path("papers/counts/", counting.paper, name="count_papers"),
    path("floor/count/<int:pk>/", counting.sheet, name="count_scan"),
    path("papers/<str:kind>/", papers.paper, name="papers"),
    path("mail/", kept_mail.mails, name="kept_mails"),
    path("mail/<str:name>/", kept_mail.mail, name="kept_mail"),
    path("mail/<str:name>/<int:position>/", kept_mail.enclosed, name="kept_mail_enclosed"),
]
