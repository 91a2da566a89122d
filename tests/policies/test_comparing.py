"""What changed, word for word: nothing is lost, nothing is invented."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from privacy.policies.comparing import blocks_of, compare

_WORDS = st.lists(st.sampled_from("we keep your data for one two days never & <b>".split()), min_size=1, max_size=8)
_TEXT = st.lists(st.tuples(st.sampled_from(["p", "h2", "li"]), _WORDS), max_size=8)


def html(blocks: list[tuple[str, list[str]]]) -> str:
    return "".join(
        f"<{tag}>{' '.join(words).replace('&', '&amp;').replace('<', '&lt;')}</{tag}>" for tag, words in blocks
    )


def words(blocks: list[tuple[str, list[str]]]) -> list[str]:
    return [word for _, some in blocks for word in some]


@given(_TEXT, _TEXT)
def test_both_texts_can_be_read_out_of_a_comparison(
    before: list[tuple[str, list[str]]], after: list[tuple[str, list[str]]]
) -> None:
    found = compare(html(before), html(after))
    parts = [part for block in found.blocks for part in block.parts]
    assert [word for part in parts if part.op != "added" for word in part.text.split()] == words(before)
    assert [word for part in parts if part.op != "removed" for word in part.text.split()] == words(after)
    assert [block for run in found.runs for block in run.blocks] == list(found.blocks)
    assert found.differs == any(part.op != "same" for part in parts)


def test_one_word_in_a_sentence_is_one_word() -> None:
    found = compare(
        "<p>Backups are kept for one month and no longer.</p><p>Same.</p>",
        "<p>Backups are kept for two months and no longer.</p><p>Same.</p>",
    )
    assert (found.added, found.removed) == (2, 2)
    assert [(part.op, part.text) for part in found.blocks[0].parts] == [
        ("same", "Backups are kept for"),
        ("removed", "one month"),
        ("added", "two months"),
        ("same", "and no longer."),
    ]
    assert [run.changed for run in found.runs] == [True, False]


def test_texts_with_nothing_in_common_are_shown_whole() -> None:
    found = compare("<p>alpha beta gamma</p>", "<h2>one two three</h2>")
    assert [(block.kind, block.op) for block in found.blocks] == [("text", "removed"), ("heading", "added")]


def test_very_long_texts_that_differ_are_shown_one_after_the_other() -> None:
    long = " ".join(f"w{number}" for number in range(3000))
    found = compare(f"<p>{long}</p>", f"<p>{long} end</p>")
    assert (found.added, found.removed) == (3001, 3000)


def test_a_list_with_paragraphs_in_it_stays_a_list() -> None:
    kinds = [
        (block.kind, block.words)
        for block in blocks_of("<ul><li><p>One two</p></li><li>Three</li></ul><p>Four<br>five</p>")
    ]
    assert kinds == [("item", ("One", "two")), ("item", ("Three",)), ("text", ("Four", "five"))]
