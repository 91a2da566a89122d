"""Nothing in a text can run script, load anything, or leave the page's Content-Security-Policy."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.policies.rendering import Format, format_of, rendered
from privacy.policies.rendering.cleaning import TAGS
from tests.policies.attacks import ATTACKS

ATTRIBUTES = {"href", "rel", "lang", "dir", "scope", "colspan", "rowspan", "start", "id"}
FOLLOWED = re.compile(r"(https?://|mailto:|tel:|#|/(?![/\\]))[^\s\"'<>]*", re.IGNORECASE)


class Strict(HTMLParser):
    """Fails on whatever a page of ours may not hold, and on what is not closed in its order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div":
            assert dict(attrs).get("class") == "pv-scroll"
            assert set(dict(attrs)) <= {"class", "tabindex", "role", "aria-labelledby"}
            self.open.append(tag)
            return
        assert tag in TAGS, tag
        if tag == "a" and (dict(attrs).get("href") or "").startswith("http"):
            # A page that is opened from ours learns nothing of it and cannot reach back.
            assert dict(attrs).get("rel") == "noopener noreferrer"
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            if name == "href":
                assert FOLLOWED.fullmatch(value or ""), value
            if name == "id":
                assert re.fullmatch(r"section-\d+", value or ""), value
                self.ids.append(value or "")
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)


def look_at(html: str) -> None:
    strict = Strict()
    strict.feed(html)
    strict.close()
    assert not strict.open
    assert len(strict.ids) == len(set(strict.ids))


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_attack_leaves_anything_but_words_and_links(attack: str, form: Format) -> None:
    for text in (attack, f"# One\n\n{attack}\n\n## Two {attack}\n\n* {attack}", f"<h1>{attack}</h1><ul><li>{attack}"):
        look_at(rendered(text, form).html)


_BITS = st.sampled_from(
    [
        "<",
        ">",
        "</",
        "/>",
        '"',
        "'",
        "=",
        " ",
        "\n",
        "&#",
        "&lt;",
        "script",
        "img src=x",
        "a href=",
        "javascript:",
        "style",
        "svg",
        "h1",
        "h3",
        "onerror=alert(1)",
        "<!--",
        "-->",
        "]]>",
        "<![CDATA[",
        "[x](",
        ")",
        "![",
        "`",
        "**",
        "# ",
        "* ",
        "table",
        "td",
        "p",
        "\\",
        "https://a.b/",
    ]
)


@given(st.lists(_BITS | st.text(max_size=3), max_size=40).map("".join), st.sampled_from(list(Format)))
def test_no_text_at_all_does(text: str, form: Format) -> None:
    look_at(rendered(text, form).html)


def test_headings_follow_one_another_and_the_title_is_said_once() -> None:
    page = rendered(
        "# Privacy policy\n\n#### Deep\n\ntext\n\n# \n\n###### Deeper\n\n## Back", "markdown", "Privacy Policy"
    )
    assert [(one.anchor, one.words, one.level) for one in page.sections] == [
        ("section-1", "Deep", 2),
        ("section-2", "Deeper", 3),
        ("section-3", "Back", 2),
    ]
    assert 'id="section-2"' in page.html
    assert "Privacy policy" not in page.html


def test_plain_text_gets_paragraphs_headings_lists_and_links() -> None:
    page = rendered(
        "WHAT WE KEEP\nLittle.\n- one\n- two <b>\n\n1. First things\n\nSee https://example.org, or a@example.org.",
        "text",
    )
    assert "<h2" in page.html
    assert "<li>one</li><li>two &lt;b&gt;</li>" in page.html
    assert [one.words for one in page.sections] == ["WHAT WE KEEP", "1. First things"]
    assert 'href="https://example.org"' in page.html
    assert 'href="mailto:a@example.org"' in page.html


def test_dots_that_were_pushed_to_the_right_are_a_list() -> None:
    html = rendered("We may:\n\n       **•**  keep it\n\n       **•**  send it\n", "markdown").html
    assert html.count("<li>") == 2
    assert "<pre>" not in html


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("a.md", "x", Format.MARKDOWN),
        ("a.html", "x", Format.HTML),
        ("a.txt", "<!DOCTYPE html><p>x", Format.HTML),
        ("a.txt", "x\n====\n", Format.MARKDOWN),
        ("", "see [this](https://example.org)", Format.MARKDOWN),
        ("a.txt", "x\n\n- y\n", Format.TEXT),
    ],
)
def test_a_format_is_told_by_the_name_and_else_by_the_text(name: str, text: str, form: Format) -> None:
    assert format_of(name, text) == form


def test_a_table_scrolls_in_a_box_that_the_keyboard_reaches_and_that_has_the_headings_name() -> None:
    table = "|a|b|\n|-|-|\n|1|2|\n"
    assert rendered(table, "markdown").html.startswith('<div class="pv-scroll" tabindex="0"><table>')
    html = rendered(f"## What is kept\n\n{table}", "markdown").html
    assert '<div class="pv-scroll" tabindex="0" role="group" aria-labelledby="section-1"><table>' in html
    assert html.count("<div") == html.count("</div>") == 1
