"""What points at a row goes before the row."""

# ruff: noqa: DJ008 - models that live for one test

from __future__ import annotations

import pytest
from django.db import models
from django.test.utils import isolate_apps

from privacy import PersonalData
from privacy.datamap import checks, graph
from privacy.datamap.order import CircularModels, deletion_order
from privacy.datamap.registry import registry
from tests.host import models as host


def test_children_go_before_parents_whatever_the_order_given() -> None:
    family = [host.Order, host.OrderLine]
    assert deletion_order(family) == deletion_order(family[::-1]) == [host.OrderLine, host.Order]


def test_the_child_table_of_an_inheritance_goes_first() -> None:
    assert deletion_order([host.Document, host.Contract]) == [host.Contract, host.Document]


def test_generic_keys_are_followed_while_what_they_point_at_is_there() -> None:
    everything = deletion_order(item.model for item in graph.declared())
    assert everything.index(host.Note) < min(everything.index(host.Order), everything.index(host.Comment))


def test_the_user_goes_last_of_all_that_point_at_it() -> None:
    everything = deletion_order(item.model for item in graph.declared())
    after = everything[everything.index(graph.user_model()) + 1 :]
    assert not [m for m in after if any(f.related_model is graph.user_model() for f in m._meta.concrete_fields)]


def test_a_model_that_points_at_itself_is_no_circle() -> None:
    assert deletion_order([host.Comment]) == [host.Comment]


@isolate_apps("tests.host")
def test_in_a_circle_the_nullable_link_gives_way() -> None:
    class Chicken(models.Model):
        egg = models.ForeignKey("Egg", models.SET_NULL, null=True, related_name="+")

        class Meta:
            app_label = "host"

    class Egg(models.Model):
        chicken = models.ForeignKey(Chicken, models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    assert deletion_order([Chicken, Egg]) == [Egg, Chicken]


@isolate_apps("tests.host")
def test_a_circle_that_nothing_opens_is_named() -> None:
    class Chicken(models.Model):
        egg = models.ForeignKey("Egg", models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    class Egg(models.Model):
        chicken = models.ForeignKey(Chicken, models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    with pytest.raises(CircularModels) as caught:
        deletion_order([Chicken, Egg])
    assert set(caught.value.models) == {Chicken, Egg}
    assert "host.Chicken" in str(caught.value)


@isolate_apps("tests.host")
def test_siblings_of_one_parent_table_are_no_circle() -> None:
    class Base(models.Model):
        above = models.ForeignKey("self", models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    class Left(Base):
        class Meta:
            app_label = "host"

    class Right(Base):
        class Meta:
            app_label = "host"

    assert deletion_order([Base, Left, Right])[-1] is Base


def test_a_circle_fails_the_check() -> None:
    with isolate_apps("tests.host"):

        class Chicken(models.Model):
            egg = models.ForeignKey("Egg", models.CASCADE, related_name="+")

            class Meta:
                app_label = "host"

        class Egg(models.Model):
            chicken = models.ForeignKey(Chicken, models.CASCADE, related_name="+")

            class Meta:
                app_label = "host"

    for model in (Chicken, Egg):
        registry.declare(model, type("Data", (PersonalData,), {}))
    assert [(message.id, "host.Chicken" in str(message.msg)) for message in checks.circles()] == [
        ("privacy.E108", True)
    ]
