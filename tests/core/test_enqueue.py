"""A nudge leaves after the commit, carries no personal value, and never fails its caller."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, current_app
from django.db import transaction

from privacy.core import enqueue
from privacy.core.enqueue import UnfitNudge, nudge

TASK = "privacy.nightly"


@pytest.fixture
def broker() -> Iterator[Any]:
    """A Celery app of the test's own, on the in-memory broker; ``received()`` empties its queue."""
    before = current_app._get_current_object()
    app = Celery("nudges", broker="memory://", set_as_current=False)
    app.conf.task_default_queue = f"q-{uuid.uuid4()}"
    app.set_current()

    class Broker:
        conf = app.conf

        def received(self) -> list[tuple[str, dict[str, Any]]]:
            found = []
            with app.connection_for_read() as connection:
                queue = connection.SimpleQueue(app.conf.task_default_queue)
                while queue.qsize():
                    message = queue.get(block=False)
                    found.append((message.headers["task"], message.decode()[1]))
                    message.ack()
                queue.close()
            return found

        def stop(self, url: str = "amqp://127.0.0.1:1//") -> None:
            app.conf.broker_url = app.conf.broker_write_url = url

    enqueue._broker_is_down = False
    yield Broker()
    enqueue._broker_is_down = False
    before.set_current()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_sent_at_once(broker: Any) -> None:
    key = uuid.uuid4()
    assert nudge(TASK, run=7, closure=key) is True
    assert broker.received() == [(TASK, {"run": 7, "closure": str(key)})]


@pytest.mark.django_db(transaction=True)
def test_it_is_sent_after_the_commit_and_not_before(broker: Any) -> None:
    with transaction.atomic():
        assert nudge(TASK) is True
        assert broker.received() == []
    assert broker.received() == [(TASK, {})]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_never_sent(broker: Any) -> None:
    with transaction.atomic():
        nudge(TASK)
        transaction.set_rollback(True)
    assert broker.received() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["amqp://127.0.0.1:1//", "redis://127.0.0.1:1/0", "nonsense://"])
def test_a_dead_broker_costs_one_line_in_the_log_and_never_an_error(
    broker: Any, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker.stop(url)
    with caplog.at_level(logging.WARNING, logger="privacy"):
        assert [nudge(TASK, run=1), nudge(TASK, run=2)] == [False, False]
        with transaction.atomic():
            nudge(TASK, run=3)
    assert len(caplog.records) == 1
    assert "127.0.0.1" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_after_an_outage_the_next_one_is_logged_again(broker: Any, caplog: pytest.LogCaptureFixture) -> None:
    good = broker.conf.broker_url
    for _ in range(2):
        broker.stop()
        assert nudge(TASK) is False
        broker.stop(good)
        assert nudge(TASK) is True
    assert len([record for record in caplog.records if record.name == "privacy.core.enqueue"]) == 2


@pytest.mark.parametrize("value", ["anna@example.org", "Anna", "", None, 1.5, True, ["1"], {"pk": 1}])
def test_an_argument_that_is_no_id_of_a_row_is_refused_without_repeating_it(value: Any) -> None:
    with pytest.raises(UnfitNudge) as refusal:
        nudge(TASK, closure=value)
    assert refusal.value.field == "closure"
    assert not value or str(value) not in str(refusal.value)
