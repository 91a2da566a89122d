from django.apps import AppConfig


class CoopConfig(AppConfig):
    name = "project.coop"
    label = "coop"
    verbose_name = "Traffic co-op"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from project.coop import receivers  # noqa: F401
