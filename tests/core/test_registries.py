from __future__ import annotations

import pytest

from privacy.core.registry import NotRegistered, RegisteredTwice, Registry


def test_entries_come_in_the_order_of_their_registration() -> None:
    registry: Registry[list[int]] = Registry("thing")
    registry.add("b", [2])
    registry.add("a", [1])
    assert registry.names() == ["b", "a"]
    assert list(registry) == [[2], [1]]
    assert ("a" in registry, "c" in registry, len(registry)) == (True, False, 2)


def test_a_name_is_taken_once_and_the_same_entry_may_come_again() -> None:
    registry: Registry[list[int]] = Registry("thing")
    entry = registry.add("a", [1])
    assert registry.add("a", entry) is entry
    with pytest.raises(RegisteredTwice, match="this thing is registered already"):
        registry.add("a", [1])


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    registry: Registry[list[int]] = Registry("thing")
    with pytest.raises(NotRegistered, match="Use one of: none"):
        registry.get("x")
    registry.add("a", [1])
    with pytest.raises(NotRegistered, match=r"x: no thing has this name\. Use one of: a\."):
        registry.get("x")
    assert registry.find("x") is None


def test_a_removed_name_is_free_again() -> None:
    registry: Registry[list[int]] = Registry("thing")
    registry.add("a", [1])
    registry.remove("a")
    registry.remove("a")
    assert registry.add("a", [2]) == [2]


def test_an_entry_that_counts_as_false_still_takes_its_name() -> None:
    registry: Registry[list[int]] = Registry("thing")
    registry.add("a", [])
    with pytest.raises(RegisteredTwice):
        registry.add("a", [1])
