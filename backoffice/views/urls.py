"""Addresses of the papers and of the mail that is kept here."""

from django.urls import URLPattern, URLResolver, path

from backoffice.views import counting, kept_mail, papers, portal, public

urlpatterns: list[URLPattern | URLResolver] = [
    path("papers/counts/", counting.paper, name="count_papers"),
    path("floor/count/<int:pk>/", counting.sheet, name="count_scan"),
    path("papers/<str:kind>/", papers.paper, name="papers"),
    path("availability/demo/", public.demo, name="availability_demo"),
    path("back-in-stock/stop/<str:token>/", public.stop, name="back_in_stock_stop"),
    path("back-in-stock/<path:sku>/", public.sign_up, name="back_in_stock_form"),
    path("order/<str:token>/", portal.order_page, name="portal_order"),
    path("order/<str:token>/invoice/", portal.invoice, name="portal_invoice"),
    path("mail/", kept_mail.mails, name="kept_mails"),
    path("mail/<str:name>/", kept_mail.mail, name="kept_mail"),
    path("mail/<str:name>/<int:position>/", kept_mail.enclosed, name="kept_mail_enclosed"),
]
