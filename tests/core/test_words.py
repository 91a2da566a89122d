"""Figures in words, and the elements that show them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.utils import timezone, translation

from privacy.core import chips, words
from privacy.core.periods import NO_END
from privacy.core.registries import Status


def render(source: str, **context: object) -> str:
    return Template("{% load privacy_ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("P1M", "1 month"),
        ("P3M", "3 months"),
        ("P13M", "13 months"),
        ("P1Y", "12 months"),
        ("P10Y", "10 years"),
        ("P30D", "30 days"),
        ("P1BD", "1 business day"),
        ("PT72H", "72 hours"),
        ("P1DT12H", "1 day and 12 hours"),
        ("P1M2DT3H", "1 month, 2 days and 3 hours"),
        ("P0D", "at once"),
        ("", ""),
    ],
)
def test_a_period_is_said_as_people_say_it(period, said):
    assert words.period_words(period) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (0.2, "under a second"),
        (59, "59 seconds"),
        (61, "1 minute 1 second"),
        (timedelta(hours=3), "3 hours"),
        (timedelta(days=1, minutes=5), "1 day"),
        (timedelta(days=2, hours=4, minutes=5), "2 days 4 hours"),
    ],
)
def test_a_span_is_said_with_its_two_largest_units(span, said):
    assert words.duration_words(span) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(1, 4, "25 %"), (0, 4, "0 %"), (1, 1000, "under 1 %"), (999, 1000, "99 %"), (4, 4, "100 %"), (0, 0, "0 %")],
)
def test_a_share_never_rounds_a_few_to_none_nor_most_to_all(part, whole, said):
    assert words.percent(part, whole) == said


def test_counts_are_read_aloud():
    assert words.counts_words({"accounts": 2, "taken_over": 1200}) == "2 accounts, 1,200 taken over"
    assert words.counts_words({"rows": 1, "files": 2, "kept": 3}, most=1) == "1 row, 2 more"
    assert words.counts_words({}) == "nothing"
    assert words.counts_words({"accounts": 2, "files": 0}) == "2 accounts, 0 files"
    assert words.counts_words({"accounts": 2, "files": 0}, zeros=False) == "2 accounts"
    assert words.counts_words({"accounts": 0, "files": 0}, zeros=False) == "nothing"
    assert words.counts_words({"own_name": 3}) == "3 own name"


def test_an_end_is_told_as_a_date_of_the_site_and_no_end_in_words():
    late = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # half past midnight in Berlin
    assert render("{{ end|until }}", end=late) == "April 1, 2026"
    assert render('{{ end|until:"DATETIME_FORMAT" }}', end=late) == "April 1, 2026, 12:30 a.m."
    assert render('{{ end|until|default:"–" }}', end=None) == "–"
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        with timezone.override(zone):
            assert render("{{ end|until }}", end=NO_END) == "no end is promised"


@pytest.mark.parametrize("status", list(Status))
def test_every_answer_of_the_ledger_has_a_word_a_tone_and_an_icon(status):
    html = chips.chip(status)
    assert str(chips.STATUSES[status.value].label) in html
    assert "<svg" in html
    assert f"pv-{chips.STATUSES[status.value].tone}" in html


def test_tones_differ_by_icon_as_well_as_by_colour():
    icons: dict[str, set[str]] = {}
    for entry in chips.STATUSES.values():
        icons.setdefault(entry.icon, set()).add(entry.tone)
    assert not any({"good", "bad"} <= tones for tones in icons.values())


def test_an_unknown_status_is_shown_and_escaped():
    html = chips.chip("<odd>_state")
    assert "&lt;odd&gt; state" in html
    assert "pv-quiet" in html


@pytest.mark.parametrize("language", ["en", "de"])
def test_bars_write_numbers_a_browser_can_read(language):
    with translation.override(language):
        html = render("{% meter 1234.5 2000 'Age' %}{% progress 1234.5 2000 'Rows' %}")
    assert 'value="1234.5"' in html
    assert html.count('max="2000"') == 2


def test_a_meter_past_its_limit_is_bad():
    assert "pv-meter-bad" in render("{% meter 32 31 'Oldest backup' %}")
    assert "pv-meter-warn" in render("{% meter 30 31 'Oldest backup' %}")
    assert "pv-meter-good" in render("{% meter 3 31 'Oldest backup' %}")


def test_a_progress_bar_without_a_value_is_indeterminate():
    assert " value=" not in render("{% progress none 10 'Working' %}", none=None)


def test_a_banner_says_what_to_do_next():
    html = render(
        "{% include 'privacy/elements/banner.html' with level='bad' title=title next='Free some space.' %}",
        title="<b>Full</b>",
    )
    assert "&lt;b&gt;Full&lt;/b&gt;" in html
    assert "What to do next:" in html
    assert 'role="alert"' in html


@pytest.mark.parametrize(
    ("level", "icon"), [("success", "check"), ("warning", "bang"), ("error", "cross"), ("info", "info")]
)
def test_a_banner_knows_the_levels_of_djangos_messages(level: str, icon: str) -> None:
    """What the site says after a press is a coloured box, not bare text."""
    html = render("{% include 'privacy/elements/banner.html' with title='Saved' %}", level=level)
    wanted = render("{% include 'privacy/elements/icon.html' %}", icon=icon)
    assert wanted.strip() in html
    assert ('role="alert"' in html) is (level == "error")
    sheet = Path(str(finders.find("privacy/elements.css"))).read_text(encoding="utf-8")
    assert f".pv-{level} {{ --t-ink" in sheet
