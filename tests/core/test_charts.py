"""Charts: valid XML, escaped, the same bytes twice, and honest about no data."""

from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from privacy.core import charts
from privacy.core.charts import Day

SVG = "{http://www.w3.org/2000/svg}"
FIRST = date(2026, 1, 30)


def days(*counts: tuple[int, int, int]) -> list[Day]:
    return [Day(FIRST + timedelta(days=n), *count) for n, count in enumerate(counts)]


def parsed(chart: charts.Chart) -> ET.Element:
    return ET.fromstring(chart.svg)


DRAWINGS = [
    lambda title: charts.history(days((3, 1, 0), (4, 0, 2)), title=title),
    lambda title: charts.sparkline([("a", 1.0), ("b", 4.5)], title=title),
    lambda title: charts.age_bar(age=12, limit=30, title=title),
]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_chart_is_valid_xml_with_a_title_and_a_description(draw):
    root = parsed(draw("Ledger"))
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Ledger"
    assert root.find(f"{SVG}desc").text
    ids = {root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")}
    assert set(root.get("aria-labelledby").split()) == ids


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_title_with_markup_is_escaped(draw):
    chart = draw('<script>alert("x")</script> & more')
    assert "<script" not in chart.svg
    assert parsed(chart).find(f"{SVG}title").text == '<script>alert("x")</script> & more'


@pytest.mark.parametrize("draw", DRAWINGS)
def test_the_same_figures_give_the_same_bytes(draw):
    assert draw("Ledger").svg == draw("Ledger").svg


@pytest.mark.parametrize("draw", DRAWINGS)
def test_no_chart_needs_an_inline_style_or_a_script(draw):
    for element in parsed(draw("Ledger")).iter():
        assert "style" not in element.attrib
        assert not any(name.startswith("on") for name in element.attrib)


def test_without_data_the_charts_say_so():
    assert "No check" in parsed(charts.history([], title="t")).find(f"{SVG}desc").text
    assert "No figures" in parsed(charts.sparkline([], title="t")).find(f"{SVG}desc").text
    assert charts.history([], title="t").rows == ()


def test_broken_is_marked_by_more_than_its_colour():
    quiet = parsed(charts.history(days((3, 0, 0)), title="t"))
    loud = parsed(charts.history(days((3, 1, 0)), title="t"))
    assert len(loud.findall(f"{SVG}line")) == len(quiet.findall(f"{SVG}line")) + 1


def test_the_table_beside_holds_every_figure():
    chart = charts.history(days((3, 1, 0), (4, 0, 2)), title="t")
    assert [row[1:] for row in chart.rows] == [("3", "1", "0"), ("4", "0", "2")]
    assert len(chart.columns) == len(chart.rows[0])


def test_an_age_past_its_limit_is_bad_and_says_so():
    over = charts.age_bar(age=40, limit=31, title="t", age_label="40 days", limit_label="1 month")
    under = charts.age_bar(age=10, limit=31, title="t")
    assert 'class="pv-fill-bad"' in over.svg
    assert "over the limit" in parsed(over).find(f"{SVG}desc").text
    assert 'class="pv-fill-bad"' not in under.svg


def test_a_language_with_decimal_commas_does_not_reach_the_coordinates():
    with translation.override("de"):
        svg = charts.history(days((3, 1, 0), (1, 0, 0), (2, 2, 2)), title="t").svg
    for element in ET.fromstring(svg).iter():
        for name in ("x", "y", "width", "height", "x1", "y2"):
            assert "," not in element.get(name, "")


@given(st.lists(st.tuples(*[st.integers(0, 500)] * 3), max_size=120))
def test_no_bar_leaves_the_drawing(counts):
    for rect in parsed(charts.history(days(*counts), title="t")).iter(f"{SVG}rect"):
        assert float(rect.get("y")) >= 0
        assert float(rect.get("y")) + float(rect.get("height")) <= 120.01
        assert float(rect.get("x")) + float(rect.get("width")) <= 600.01


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_an_age_bar_stays_inside_its_drawing(age, limit):
    for element in parsed(charts.age_bar(age=age, limit=limit, title="t")).iter(f"{SVG}rect"):
        assert float(element.get("width")) <= 600.01


def test_the_element_shows_drawing_legend_and_table():
    html = Template("{% load privacy_ui %}{% chart chart %}").render(
        Context({"chart": charts.history(days((3, 1, 0)), title="Ledger")})
    )
    assert "<svg" in html
    assert "The same as a table" in html
    assert "<caption" in html
    assert "cannot tell" in html
