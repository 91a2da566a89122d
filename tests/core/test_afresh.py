"""A *no* from inside a transaction is asked again outside of it; any other is final, and costs no connection."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction

from privacy.core.afresh import holds_now

pytestmark = pytest.mark.django_db(transaction=True)
only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="nobody else writes into memory")


class Question:
    """Answers as it is told, one after another, and knows who asked."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)
        self.asked_by: list[Any] = []

    def __call__(self) -> bool:
        connection.ensure_connection()
        self.asked_by.append(connections["default"])
        return self.answers.pop(0)


def test_outside_a_transaction_a_no_is_one() -> None:
    ask = Question(False)
    assert not holds_now(ask, "default")
    assert len(ask.asked_by) == 1


def test_a_yes_is_asked_once() -> None:
    ask = Question(True)
    with transaction.atomic():
        assert holds_now(ask, "default")
    assert len(ask.asked_by) == 1


@only_postgresql
@pytest.mark.parametrize("answer", [True, False])
def test_inside_a_transaction_another_connection_has_the_last_word_and_is_closed(answer: bool) -> None:
    ask = Question(False, answer)
    before = threading.active_count()
    with transaction.atomic():
        assert holds_now(ask, "default") is answer
    here, outside = ask.asked_by
    assert outside is not here
    assert outside.connection is None
    assert threading.active_count() == before
