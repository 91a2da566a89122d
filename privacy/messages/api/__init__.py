"""Messages for programs: what a member gets and wants, and for staff the outbox, mailings, opt-outs and lists."""

from django.urls import path

from privacy.messages.api import mailings, outbox, own, stopping

urlpatterns = [
    path("choices/", own.Choices.as_view(), name="messages_choices"),
    path("stop/", own.Stop.as_view(), name="messages_stop"),
    path("outbox/", outbox.Outbox.as_view(), name="messages_outbox"),
    path("outbox/<int:id>/", outbox.OneMessage.as_view(), name="messages_outbox_message"),
    path("outbox/<int:id>/decide/", outbox.Decide.as_view(), name="messages_outbox_decide"),
    path("mailings/", mailings.Mailings.as_view(), name="messages_mailings"),
    path("mailings/<uuid:id>/", mailings.OneMailing.as_view(), name="messages_mailing"),
    path("mailings/<uuid:id>/pause/", mailings.Pause.as_view(), name="messages_mailing_pause"),
    path("mailings/<uuid:id>/resume/", mailings.Resume.as_view(), name="messages_mailing_resume"),
    path("opt-outs/", stopping.OptOuts.as_view(), name="messages_opt_outs"),
    path("opt-outs/enter/", stopping.Enter.as_view(), name="messages_opt_out_enter"),
    path("texts/", stopping.Texts.as_view(), name="messages_texts"),
    path("lists/<slug:channel>/<slug:topic>/", stopping.OnList.as_view(), name="messages_list"),
]
