"""Nights and schedules for programs."""

from django.urls import path

from privacy.retention.api import nights, schedules

urlpatterns = [
    path("nights/", nights.Nights.as_view(), name="nights"),
    path("nights/<uuid:id>/", nights.OneNight.as_view(), name="night"),
    path("schedules/", schedules.Schedules.as_view(), name="schedules"),
    path("schedules/<int:id>/", schedules.OneSchedule.as_view(), name="schedule"),
    path("schedules/<int:id>/pause/", schedules.Pause.as_view(), name="schedule_pause"),
    path("schedules/<int:id>/resume/", schedules.Resume.as_view(), name="schedule_resume"),
]
