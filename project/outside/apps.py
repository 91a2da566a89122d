from django.apps import AppConfig


class OutsideConfig(AppConfig):
    name = "project.outside"
    label = "outside"
    verbose_name = "Data from outside"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from project.coop.generate import MAKERS
        from project.outside import filling

        MAKERS.append(filling.make)
