"""What ``ready()`` connects: each room's checks, live checks, receivers and night steps, by name.

A module listed here registers itself on import; a room that has none of a kind is simply absent.
"""

from importlib import import_module

from django.utils.module_loading import autodiscover_modules, module_has_submodule

ROOMS = (
    "evidence", "promises", "datamap", "disposal", "consent", "messages", "policies",
    "retention", "backups", "account", "desk",
)  # fmt: skip
KINDS = ("acts", "sections", "checks", "promises", "night", "receivers", "blocks")


def connect() -> None:
    """Import every room's registering modules, then the ``privacy.py`` of each installed app."""
    from privacy.core import checks  # noqa: F401
    from privacy.datamap.bundled import history
    from privacy.datamap.registry import registry

    for room in ROOMS:
        package = import_module(f"privacy.{room}")
        for kind in KINDS:
            if module_has_submodule(package, kind):
                import_module(f"privacy.{room}.{kind}")
    import_module("privacy.datamap.bundled")
    autodiscover_modules("privacy", register_to=registry)
    history.declare_all()
