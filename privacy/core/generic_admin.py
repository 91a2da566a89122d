"""``ModelAdmin[Model]`` for the type checker: Django's own class cannot be subscripted at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
else:

    class ModelAdmin(admin.ModelAdmin):
        """Django's, with a subscript that changes nothing."""

        @classmethod
        def __class_getitem__(cls, model: Any) -> type:
            return cls


__all__ = ["ModelAdmin"]
