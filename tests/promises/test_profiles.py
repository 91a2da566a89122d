"""Reading a profile: a wrong one is refused with all its faults, each naming file, table, key and mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from privacy.core.periods import Period
from privacy.promises.facts import Facts, Officer
from privacy.promises.faults import WrongProfile
from privacy.promises.profiles import read_profile

from .conftest import PROFILE, Kitchen

Write = Callable[..., Path]

FIRST = "[[promise]] EXA-1-1"

#: what is changed, then the place and the words that the error must have, the mend among them
WRONG: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "broken TOML": ([('code = "EXA"', "code = EXA")], ["this is not TOML", "line 3", "double quotes"]),
    "no site": (
        [("[site]\n", "[kitchen.site]\n"), ("[site.", "[kitchen.site."), ("[kitchen]\n", "")],
        ["[site]: the table is missing", "Open it with [site]"],
    ),
    "no code": ([('code = "EXA"\n', "")], ['[site]: code: it is missing. Write code = "HTC".']),
    "a code in small letters": ([('code = "EXA"', 'code = "exa"')], ["[site]: code:", '"exa" is not', '"HTC"']),
    "no name": ([('name = "Example Coop"\n', "")], ["[site]: name: it is missing"]),
    "an empty name": ([('"Example Coop"', '""')], ["[site]: name: it is empty"]),
    "a name that is a number": ([('"Example Coop"', "12")], ["[site]: name: 12 is no text", "in quotes"]),
    "a fact nobody knows": ([("languages", "langages")], ["[site]: langages:", 'Perhaps you meant "languages"']),
    "languages as one text": ([('["en"]', '"en"')], ["[site]: languages: it is no list", 'languages = ["en"]']),
    "a language in words": ([('["en"]', '["English"]')], ["[site]: languages:", '"English"', '"pt-BR"']),
    "a hidden address": (
        [("privacy@example.org", "[email protected]")],
        ["[site.contacts]: email:", "is a placeholder", "leave the key out"],
    ),
    "an address that is none": (
        [("privacy@example.org", "example.org")],
        ["[site.contacts]: email:", "e-mail address"],
    ),
    "an unfilled telephone": (
        [('email = "privacy@example.org"', 'phone = "[Insert telephone]"')],
        ["[site.contacts]: phone:", "is a placeholder"],
    ),
    "a form that is no link": (
        [('email = "privacy@example.org"', 'form = "on the site"')],
        ["[site.contacts]: form:", "is not a link", "https://"],
    ),
    "a channel nobody knows": (
        [('email = "privacy@example.org"', 'e_mail = "privacy@example.org"')],
        ["[site.contacts]: e_mail:", 'Perhaps you meant "email"'],
    ),
    "contacts in one line of text": (
        [('[site.contacts]\nemail = "privacy@example.org"\n', 'contacts = "by mail"\n')],
        ["[site]: contacts: it is no table", "[site.contacts]"],
    ),
    "a role nobody has": ([('"controller"', '"controler"')], ["[site.roles]: own:", 'Perhaps you meant "controller"']),
    "a table nobody owns": (
        [("[kitchen]", "[kitchn]")],
        ['[kitchn]: no table is called "kitchn"', 'Perhaps you meant "kitchen"'],
    ),
    "a section that is a text": (
        [('[kitchen]\nkept_for = "P1M"\n', ""), ("\n[site]\n", '\nkitchen = "P1M"\n\n[site]\n')],
        ["[kitchen]: it is no table"],
    ),
    "a section's unknown key": (
        [("[kitchen]\nkept_for", "[kitchen]\nkeptfor")],
        ["[kitchen]: keptfor: unknown key. Use kept_for."],
    ),
    "a section's wrong period": (
        [('kept_for = "P1M"', 'kept_for = "a month"')],
        ['[kitchen]: kept_for: "a month" is not a period', '"P30D"'],
    ),
    "a section of a shape its room cannot read": (
        [('kept_for = "P1M"', 'shelves = "two"')],
        ["[kitchen]: the table cannot be read (AttributeError)", "docs/reference/promises.md"],
    ),
    "a bare date": ([('kept_for = "P1M"', "kept_for = 2026-01-01")], ["[kitchen]: kept_for:", 'quotes, "2026-01-01"']),
    "promises in single brackets": (
        [(PROFILE[PROFILE.index("[[promise]]") :], '[promise]\nid = "EXA-1-1"\n')],
        ["[[promise]]: no promise is written down", "double brackets"],
    ),
    "no id": ([('id = "EXA-1-1"\n', "")], ["[[promise]] number 1: id: it is missing", '"EXA-10-4"']),
    "an id without a number": ([('"EXA-1-1"', '"EXA-one"')], ["[[promise]] EXA-one: id:", '"EXA-10-4"']),
    "another site's id": (
        [('"EXA-1-1"', '"HTC-1-1"')],
        ["[[promise]] HTC-1-1: id: it belongs to another site", "EXA-"],
    ),
    "the same id twice": ([('"EXA-2-1"', '"EXA-1-1"')], [f"{FIRST}: id: two promises have this id"]),
    "no clause": ([('clause = "§1"\n', "")], [f"{FIRST}: clause: it is missing", 'clause = "§10"']),
    "a kind nobody knows": ([('"duty"', '"duties"')], [f"{FIRST}: kind:", 'Perhaps you meant "duty"']),
    "nothing said": ([('"Leftovers are gone within a month."', '" "')], [f"{FIRST}: says: it is empty"]),
    "a whole chapter said": (
        [("Leftovers are gone within a month.", "Leftovers! " * 30)],
        [f"{FIRST}: says: it has", "Use at most 300"],
    ),
    "two lines said": (
        [('"Leftovers are gone within a month."', '"""Leftovers\nare gone."""')],
        [f"{FIRST}: says: it has more than one line"],
    ),
    "no check": ([('check = "kitchen.fridge_empty"\n', "")], [f"{FIRST}: check: it is missing"]),
    "a check without a room": ([('"kitchen.fridge_empty"', '"fridge"')], [f"{FIRST}: check:", "room.question"]),
    "an empty list of checks": ([('"kitchen.fridge_empty"', "[]")], [f"{FIRST}: check: the list names no check"]),
    "one check twice": (
        [('"kitchen.fridge_empty"', '["kitchen.fridge_empty", "kitchen.fridge_empty"]')],
        [f"{FIRST}: check: one name stands there twice"],
    ),
    "a typing error in a check": (
        [('"kitchen.fridge_empty"', '"kitchen.fridge_emty"')],
        [f"{FIRST}: check:", '"kitchen.fridge_emty"', 'Perhaps you meant "kitchen.fridge_empty"'],
    ),
    "a number without a unit": (
        [('figure = "P1M"', 'figure = "30"')],
        [f'{FIRST}: figure: "30" is not a period', '"P30D"'],
    ),
    "a figure without quotes": ([('figure = "P1M"', "figure = 30")], [f"{FIRST}: figure: 30 is no text", '"P1M"']),
    "a ceiling without a figure": ([('figure = "P1M"\n', "")], [f"{FIRST}: figure: a ceiling has no figure"]),
    "a bound nobody knows": ([('"ceiling"', '"cieling"')], [f"{FIRST}: bound:", 'Perhaps you meant "ceiling"']),
    "a setting without a bound": ([('bound = "ceiling"\n', "")], [f"{FIRST}: bound: nobody says which way", '"floor"']),
    "a setting nobody reads": (
        [('setting = "kitchen.kept_for"', 'setting = "kitchen.keptfor"')],
        [f"{FIRST}: setting:", '"kitchen.keptfor"', 'Perhaps you meant "kitchen.kept_for"'],
    ),
    "a setting whose table is missing": (
        [('[kitchen]\nkept_for = "P1M"\n', "")],
        [f"{FIRST}: setting:", "no table [kitchen]", "Add [kitchen]"],
    ),
    "a table weaker than the promise": (
        [('kept_for = "P1M"\n', 'kept_for = "P30D"\n')],
        [f"{FIRST}: figure: P1M is promised as a ceiling, but kitchen.kept_for in this profile is P30D", "at most P1M"],
    ),
    "a table shorter than a floor": (
        [('kept_for = "P1M"\n', 'kept_for = "P30D"\n'), ('"ceiling"', '"floor"')],
        [f"{FIRST}: figure: P1M is promised as a floor", "at least P1M"],
    ),
    "parameters that are no table": (
        [('kind = "duty"', 'kind = "duty"\nparams = "all"')],
        [f"{FIRST}: params: it is no table"],
    ),
    "a param that no check of the promise reads": (
        [('kind = "duty"', 'kind = "duty"\nparams = { shelfs = ["top"] }')],
        [f"{FIRST}: params: shelfs: this param is not known", 'Perhaps you meant "shelves"'],
    ),
    "a param for a check that reads none": (
        [('kind = "fact"', 'kind = "fact"\nparams = { shelves = ["top"] }')],
        ["[[promise]] EXA-2-1: params: shelves: this param is not known", "Leave it out"],
    ),
    "a param that is a text and not a list": (
        [('kind = "duty"', 'kind = "duty"\nparams = { shelves = "top" }')],
        [f"{FIRST}: params: shelves: it is no list of texts"],
    ),
    "a param with an empty list": (
        [('kind = "duty"', 'kind = "duty"\nparams = { shelves = [] }')],
        [f"{FIRST}: params: shelves: the list is empty", "leave it out"],
    ),
    "a param that is no period": (
        [('kind = "duty"', 'kind = "duty"\nparams = { grace = "5 minutes" }')],
        [f'{FIRST}: params: grace: "5 minutes" is not a period', '"PT72H"'],
    ),
    "a param that is neither true nor false": (
        [('kind = "duty"', 'kind = "duty"\nparams = { freezer = "yes" }')],
        [f"{FIRST}: params: freezer: a str is neither true nor false", "freezer = true"],
    ),
    "a param that is a list and not a text": (
        [('kind = "duty"', 'kind = "duty"\nparams = { brand = ["cold"] }')],
        [f"{FIRST}: params: brand: a list is no text"],
    ),
    "a wrong param beside a check of a later room": (
        [
            (
                '"kitchen.fridge_empty"',
                '["kitchen.fridge_empty", "cellar.locked"]\nneeds = "keys"\nparams = { grace = 5 }',
            )
        ],
        [f"{FIRST}: params: grace: 5 is no text"],
    ),
    "a number that is none": ([('kept_for = "P1M"', "kept_for = inf")], ["[kitchen]: kept_for: inf is no number"]),
    "a character no database keeps": (
        [("Example Coop", "Example\\u0000Coop")],
        ["[site]: name: it holds a NUL character. Remove it."],
    ),
    "checks with more names than the ledger keeps": (
        [
            (
                '"kitchen.fridge_empty"',
                str([f"{'kitchen' * 5}.c{'x' * number}" for number in range(12)]).replace("'", '"'),
            )
        ],
        [f"{FIRST}: check: the names have over 400 characters together", "Split the promise"],
    ),
    "a key nobody knows": (
        [('clause = "§1"', 'clause = "§1"\nfigur = "P1M"')],
        [f"{FIRST}: figur:", 'Perhaps you meant "figure"'],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_profile_gets_an_error_naming_the_key_and_the_mend(case: str, kitchen: Kitchen, write: Write) -> None:
    changes, told = WRONG[case]
    path = write(*changes)
    with pytest.raises(WrongProfile) as refusal:
        read_profile(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    assert all(line.startswith(f"{path}: ") for line in message.splitlines())
    line = next((line for line in message.splitlines() if all(words in line for words in told)), "")
    assert line, message
    assert line.endswith(".")


def test_the_table_of_wrong_profiles_is_long_enough_to_be_worth_its_name() -> None:
    assert len(WRONG) > 40


def test_all_faults_are_told_at_once(kitchen: Kitchen, write: Write) -> None:
    path = write(
        ('code = "EXA"', 'code = "x"'), ('"duty"', '"task"'), ('"§2"', '""'), ("privacy@example.org", "nobody")
    )
    with pytest.raises(WrongProfile) as refusal:
        read_profile(path)
    places = {(fault.table, fault.key) for fault in refusal.value.faults}
    assert {
        ("[site]", "code"),
        ("[site.contacts]", "email"),
        (FIRST, "kind"),
        ("[[promise]] EXA-2-1", "clause"),
    } <= places
    assert len(str(refusal.value).splitlines()) == len(refusal.value.faults)


def test_a_file_that_is_not_there_is_told_by_its_name(kitchen: Kitchen, tmp_path: Path) -> None:
    with pytest.raises(WrongProfile, match=r"nowhere\.toml: the file cannot be read .*Name a TOML file"):
        read_profile(tmp_path / "nowhere.toml")


def test_a_file_in_another_encoding_is_told(kitchen: Kitchen, tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(PROFILE.replace("Example Coop", "Café").encode("latin-1"))
    with pytest.raises(WrongProfile, match="not written in UTF-8"):
        read_profile(path)


def test_a_valid_profile_gives_facts_promises_and_the_rooms_rules(kitchen: Kitchen, write: Write) -> None:
    profile = read_profile(write())
    assert profile.facts.code == "EXA"
    assert [draft.code for draft in profile.promises] == ["EXA-1-1", "EXA-2-1"]
    assert profile.tables == {"kitchen": {"kept_for": "P1M"}}
    assert profile.rules["kitchen"].kept_for == Period(months=1)
    assert profile.source == "example.toml"
    assert len(profile.fingerprint) == 64


def test_a_promise_may_ask_several_checks_and_name_a_record_that_is_missing(kitchen: Kitchen, write: Write) -> None:
    several = '["kitchen.guests_asked", "cellar.locked"]\nneeds = "a register of keys"\nparams = { doors = 2 }'
    first, second = read_profile(write(('"kitchen.guests_asked"', several))).promises
    assert second.checks == ("kitchen.guests_asked", "cellar.locked")
    assert second.needs == "a register of keys"
    assert second.params == {"doors": 2}
    assert first.needs == ""


def test_a_stricter_table_than_the_promise_is_welcome(kitchen: Kitchen, write: Write) -> None:
    profile = read_profile(write(('kept_for = "P1M"\n', 'kept_for = "P28D"\n')))
    assert profile.rules["kitchen"].kept_for == Period(days=28)


def test_a_figure_without_a_bound_may_be_any_words(kitchen: Kitchen, write: Write) -> None:
    changed = write(('"kitchen.guests_asked"', '"kitchen.guests_asked"\nfigure = "two languages"'))
    assert read_profile(changed).promises[1].figure == "two languages"


def test_facts_survive_being_kept_as_json() -> None:
    facts = Facts(
        code="EXA",
        name="Example Coop",
        aliases=("Example",),
        legal_entity="Example Ltd",
        postal_address=("1 Street", "Town"),
        contacts={"form": "/contact"},
        officer=Officer("Alex", "dpo@example.org", ("1 Street",)),
        roles={"own": "controller"},
        languages=("en",),
    )
    assert Facts.from_data(facts.as_data()) == facts
    assert facts.names == ("Example Coop", "Example Ltd", "Example")


def test_no_fact_is_compulsory_but_code_and_name(kitchen: Kitchen, write: Write) -> None:
    bare = write(('languages = ["en"]\n', ""), ('[site.contacts]\nemail = "privacy@example.org"\n', ""))
    facts = read_profile(bare).facts
    assert not facts.officer
    assert not facts.authority
    assert facts.contacts == {}
