"""Places outside the database: what each confirmed, and what it still owes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.api.fields import Moment
from privacy.core.api.views import Endpoint, ForStaff
from privacy.disposal.queries import store_standings


class StoreSerializer(serializers.Serializer[Any]):
    """How things stand with one place."""

    name = serializers.CharField()
    title = serializers.CharField(help_text="What members read.")
    declared = serializers.BooleanField(help_text="Whether it can still be asked.")
    open = serializers.IntegerField(help_text="People about whom it has not confirmed yet.")
    confirmed = serializers.IntegerField()
    open_since = Moment(allow_null=True)
    last_confirmed = Moment(allow_null=True)
    unasked = serializers.IntegerField(help_text="Accounts that were erased before it was declared.")


class StoreListSerializer(serializers.Serializer[Any]):
    """Every place."""

    stores = StoreSerializer(many=True)


class Stores(ForStaff, Endpoint):
    """Places outside the database, and what each still owes."""

    operation = "stores"
    permission = "privacy.view_storereceipt"
    serializer_class = StoreListSerializer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer({"stores": store_standings()})
