"""What a body may hold."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from privacy.core.api.strict import refuse_other_types


def test_a_body_is_taken_as_the_schema_says_it_and_not_as_it_might_be_meant() -> None:
    class Order(serializers.Serializer[Any]):
        name = serializers.CharField(max_length=3)
        gift = serializers.BooleanField(allow_null=True)
        many = serializers.ListField(child=serializers.IntegerField())

    class Orders(serializers.Serializer[Any]):
        orders = serializers.ListField(child=Order())

    refuse_other_types(Orders(), {"orders": [{"name": "abc", "gift": None, "many": [1]}, {"gift": True}]})
    for wrong, name in (
        ({"name": 5}, "name"),
        ({"name": "ab  "}, "name"),
        ({"gift": "yes"}, "gift"),
        ({"many": [True]}, "many.0"),
    ):
        with pytest.raises(ValidationError) as refused:
            refuse_other_types(Orders(), {"orders": [{}, wrong]})
        assert list(refused.value.detail) == [f"orders.1.{name}"]
