from django.urls import path

from project.coop import views

app_name = "coop"
urlpatterns = [
    path("", views.home, name="home"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("dashboard/picture/", views.picture, name="picture"),
    path("search/", views.search_page, name="search"),
    path("contact/", views.contact, name="contact"),
]
