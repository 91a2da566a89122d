"""Nothing in a text can run script, load anything, or leave the page's Content-Security-Policy."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.policies.rendering import Format, format_of, rendered
from privacy.policies.rendering.cleaning import TAGS

ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/pixel.gif'>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<iframe src='https://evil.example'></iframe>",
    "<object data='https://evil.example'></object><embed src=x>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href=' &#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a><a href='//evil.example'>y</a><a href='/\\evil.example'>z</a>",
    "<a href='https://ok.example' style='position:fixed' onclick='alert(1)' target=_blank id=pv-main class=x>x</a>",
    "<a href='#a\"><h1 onmouseover=alert(1)>'>x</a>",
    "<p style='background:url(https://evil.example)'>x</p>",
    "<style>@import 'https://evil.example';</style><link rel=stylesheet href=//evil.example>",
    "<base href='https://evil.example'><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action='https://evil.example'><input name=q autofocus onfocus=alert(1)><button>x</button></form>",
    "<video src=x onerror=alert(1)><source src=//evil.example></video><audio src=//evil.example></audio>",
    "<details open ontoggle=alert(1)>x</details><marquee onstart=alert(1)>x</marquee>",
    "<table background='//evil.example'><td background='//evil.example' colspan='2\"x'>x</td></table>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<h1 title='<h2>'>One</h1><h2 lang='\"><script>'>Two</h2>",
    "<template><img src=x onerror=alert(1)></template><textarea><img src=x onerror=alert(1)></textarea>",
    "<p lang='en\" onclick=\"alert(1)'>x</p>",
    "![x](https://evil.example/pixel.gif) [x](javascript:alert(1)) [x](<javascript:alert(1)>)",
    '[x]: javascript:alert(1)\n\n[x] <javascript:alert(1)> <https://evil.example/"onclick=alert(1)>',
    "</article></main><script>alert(1)</script>",
    'https://evil.example/"><script>alert(1)</script>',
]
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
