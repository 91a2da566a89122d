from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "project.clients"
    label = "clients"
    verbose_name = "Clients and their customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from project.clients import filling
        from project.coop.generate import MAKERS

        MAKERS.append(filling.make)
