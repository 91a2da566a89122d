from __future__ import annotations

import re

from django.test import override_settings

from privacy.core.pseudonyms import key_id, known_key_ids, pseudonym, pseudonym_key_id, pseudonyms

OLD, NEW = "o" * 32, "n" * 32


def test_a_pseudonym_is_stable_and_has_the_promised_shape() -> None:
    word = pseudonym("subject", "42")
    assert word == pseudonym("subject", "42")
    assert re.fullmatch("[a-z2-7]{26}", word)


def test_two_people_and_two_kinds_get_unlike_words() -> None:
    words = {pseudonym("subject", "42"), pseudonym("subject", "43"), pseudonym("email", "42")}
    assert len(words) == 3


def test_kind_and_value_are_not_run_together() -> None:
    assert pseudonym("a", "bc") != pseudonym("ab", "c")


def test_without_the_key_nobody_can_recompute_it() -> None:
    with override_settings(PRIVACY={"PSEUDONYM_KEYS": [OLD]}):
        one = pseudonym("subject", "42")
    with override_settings(PRIVACY={"PSEUDONYM_KEYS": [NEW]}):
        assert pseudonym("subject", "42") != one


def test_a_known_key_gives_a_known_word_for_ever() -> None:
    with override_settings(PRIVACY={"PSEUDONYM_KEYS": [OLD]}):
        assert pseudonym("subject", "42") == "s3pucsqgmmtlz5x25blby2seoa"


def test_after_a_rotation_the_old_word_is_still_found() -> None:
    with override_settings(PRIVACY={"PSEUDONYM_KEYS": [OLD]}):
        before = pseudonym("subject", "42")
    with override_settings(PRIVACY={"PSEUDONYM_KEYS": [NEW, OLD]}):
        words = pseudonyms("subject", "42")
        assert words[0] == pseudonym("subject", "42") != before
        assert before in words


def test_without_keys_one_is_derived_from_the_secret_key_and_found_after_its_rotation() -> None:
    with override_settings(PRIVACY={}, SECRET_KEY="first"):
        before = pseudonym("subject", "42")
    with override_settings(PRIVACY={}, SECRET_KEY="second", SECRET_KEY_FALLBACKS=["first"]):
        assert pseudonym("subject", "42") != before
        assert before in pseudonyms("subject", "42")


def test_a_site_that_sets_its_first_keys_still_finds_what_was_written_before() -> None:
    with override_settings(PRIVACY={}):
        before = pseudonym("subject", "42")
    with override_settings(PRIVACY={"PSEUDONYM_KEYS": [NEW]}):
        assert before in pseudonyms("subject", "42")


def test_a_key_has_an_id_that_never_changes_and_gives_nothing_away() -> None:
    assert key_id(OLD.encode()) == "c2fce2d9"
    with override_settings(PRIVACY={"PSEUDONYM_KEYS": [OLD]}):
        assert pseudonym_key_id() == key_id(OLD.encode())


def test_key_ids_come_in_the_order_of_the_words_and_the_derived_key_has_one_too() -> None:
    with override_settings(PRIVACY={"PSEUDONYM_KEYS": [NEW, OLD]}, SECRET_KEY="first"):
        ids = known_key_ids()
        assert ids[:2] == (key_id(NEW.encode()), key_id(OLD.encode()))
        assert len(set(ids)) == len(pseudonyms("subject", "42")) == len(ids)
    with override_settings(PRIVACY={}, SECRET_KEY="first"):
        assert pseudonym_key_id() == ids[-1]
