"""What keeps a text from being published, a table for each kind of fault; and the five real texts."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.policies.lint import CODES, Fault, Known, faults_of
from privacy.promises.profiles import read_profile

KNOWN = Known(("Test Site", "Test Site Ltd"), ("privacy@example.org",), "privacy", frozenset({"backups.kept_for"}))
TAIL = "\n\nWrite to privacy@example.org."

FAULTS = [
    ("placeholder", "Call us: [Insert your telephone here]"),
    ("placeholder", "We are [Company Name], and you know us."),
    ("placeholder", "Our office is in [your country]."),
    ("placeholder", "Phone us, [phone] is the number."),
    ("placeholder", "We are <your company name>."),
    ("placeholder", "Retention: TBD."),
    ("placeholder", "The officer is ______."),
    ("placeholder", "Lorem ipsum dolor sit amet."),
    ("placeholder", "Telefon: [hier Telefonnummer einfügen]"),
    ("placeholder", "Verantwortlich ist [Name der Firma]."),
    ("placeholder", "Anschrift: [bitte ergänzen]"),
    ("obfuscated_address", "Ask [email protected] about it."),
    ("obfuscated_address", "Ask [email\u00a0protected] about it."),
    ("obfuscated_address", "Ask <a href='/cdn-cgi/l/email-protection'>us</a> about it."),
    ("obfuscated_address", "Ask privacy [at] example [dot] org about it."),
    ("obfuscated_address", "Ask privacy(at)example.org about it."),
    ("obfuscated_address", "Ask privacy AT example DOT org about it."),
    ("obfuscated_address", "This email address is being protected from spambots."),
    ("obfuscated_address", "Diese E-Mail-Adresse ist vor Spambots geschützt!"),
    ("obfuscated_address", "Fragen an datenschutz (ät) example (punkt) de."),
    ("unknown_entity", "Other Shop aims to answer you soon."),
    ("unknown_entity", "This holds where Other Shop relied on your consent."),
    ("unknown_entity", "This site is operated by Other Shop GmbH."),
    ("unknown_entity", "Read the Other Shop Privacy Policy."),
    ("unknown_entity", "Other Shop Inc. (“Other”, “we” or “us”) runs it."),
    ("unknown_entity", "Anderer Laden GmbH verpflichtet sich, Ihre Daten zu schützen."),
    ("unknown_entity", "Dies ist die Datenschutzerklärung der Anderer Laden GmbH."),
    ("empty_address", "To unsubscribe you can email us at\n\nFollow the link in each mail."),
    ("empty_address", "You may write to us at:\n\nWe answer."),
    ("empty_address", "Contact us at . We answer."),
    ("empty_address", "Write to [us](mailto:)."),
    ("empty_address", "Email:\n\nWe answer."),
    ("empty_address", "Sie erreichen uns unter\n\nWir antworten gern."),
    ("empty_address", "Schreiben Sie uns per E-Mail an:\n\nWir antworten gern."),
    ("word_figure", "It takes one (2) calendar days."),
    ("word_figure", "It takes forty-five (54) days."),
    ("word_figure", "It takes 30 (thirteen) days."),
    ("word_figure", "It takes one hundred and twenty (102) days."),
    ("word_figure", "Das dauert vierzehn (40) Tage."),
    ("word_figure", "Das dauert fünfundvierzig (54) Tage."),
    ("word_figure", "Das dauert dreissig (13) Tage."),
    (
        "contradiction",
        "If you turn cookies off, some features may not function properly.It won't affect the user's experience.",
    ),
    ("contradiction", "We do not use cookies. It is simple.\n\nWe also use session cookies."),
    ("contradiction", "We never sell your data.\n\nWe may sell your personal data to partners."),
    ("contradiction", "We honor Do Not Track.\n\nWe do not respond to “do not track” signals."),
    ("contradiction", "Backups are kept for 1 month.\n\nBackups are deleted after 3 months."),
    ("contradiction", "Wir verwenden keine Cookies.\n\nWir verwenden technisch nötige Cookies."),
    ("contradiction", "Sicherungen werden für 1 Monat aufbewahrt. Und Sicherungen werden gelöscht nach 3 Monaten."),
    ("unresolved_figure", 'Logs are kept for {{ promise "logs.kept_for" }}.'),
    ("unresolved_figure", "Logs are kept for {{ period }}."),
    ("unresolved_figure", "{% include logs %} are kept."),
]

NO_FAULTS = [
    "[Home](#)\n\n* [Log in](https://example.org/login)\n* [Contact](https://example.org/contact)",
    "[Home]\n[Contact]\n[Sign up]",
    "![A picture of [your company]](https://example.org/a.png)",
    "[Your account][1]\n\n[1]: https://example.org/account",
    "We use “clear gifs” (small pictures) [see below].",
    "The regulation (EU) 2016/679 [GDPR] applies.",
    "A heading\n=====\n\nA rule\n\n____\n\n__bold__ and _soft_",
    "Look at example dot com when you like.",
    "We meet (at) noon. Ask privacy@example.org.",
    "Google operates independently from us, and Google may use what it measures.",
    "We use Stripe Inc. for payments, and Stripe respects the law.",
    "Test Site aims to answer. Test Site Ltd undertakes it. HTest Site strives too.",
    "The Service is provided by us. We aim to help. Users respect your privacy.",
    "Anyone who visits undertakes nothing.",
    "You can email us at privacy@example.org.",
    "You may write to us at:\n\n1 Example Street\n12345 Example Town",
    "Contact us at the address given below.",
    "Email: privacy@example.org",
    "Sie erreichen uns unter privacy@example.org.",
    "It takes thirty (30) days, two (2) weeks, 14 (fourteen) days or twenty-one (21) of them.",
    "It takes one hundred twenty (120) days. For someone (2) no. Partners include (1) shops and (2) banks.",
    "Das dauert dreißig (30) Tage, ein (1) Jahr, einundzwanzig (21) Tage oder 14 (vierzehn) Tage.",
    "If you remove our cookies, it could affect the functionality of the site. We never sell your data.",
    "We do not sell your data. We may sell the business, or parts of our assets.",
    "We do not support Do Not Track (“DNT”). Do Not Track is a preference of your browser.",
    "Backups are kept for 1 month. Log files are kept for 3 months. Backups are deleted after one month.",
    "Do we use cookies? Yes, we use cookies. By default, cookies are not set.",
    'Backups are kept for {{ promise "backups.kept_for" }}, {{promise "backups.kept_for"}}.',
    "Wir verwenden Cookies. Wir verkaufen Ihre Daten nicht.",
]


def codes(text: str, known: Known = KNOWN) -> list[str]:
    return [fault.code for fault in faults_of(text, known)]


@pytest.mark.parametrize(("code", "text"), FAULTS, ids=range(len(FAULTS)))
def test_a_fault_is_found_once_and_nothing_else(code: str, text: str) -> None:
    assert codes(text + TAIL) == [code]


@pytest.mark.parametrize("text", NO_FAULTS, ids=range(len(NO_FAULTS)))
def test_what_is_no_fault_is_left_alone(text: str) -> None:
    assert codes(text + TAIL) == []


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_texts_with_that_fault(code: str) -> None:
    assert code == "missing_contact" or [one for one, _ in FAULTS if one == code]


@pytest.mark.parametrize(
    "text",
    [
        "Write to info@other.example.",
        "Call us: phone +44 20 7946 0000",
        "Use [our form](https://example.org/contact).",
        "Test Site, 12345 Example",
        '<p>Use <a href="/contact">this</a></p>',
    ],
)
def test_one_way_to_reach_somebody_is_enough(text: str) -> None:
    assert codes(text, Known()) == []


def test_a_privacy_policy_that_nobody_can_answer_for_is_at_fault_where_it_speaks_of_contact() -> None:
    text = "# Privacy policy\n\nWe keep little.\n\n## Contact us\n\nPlease do."
    assert faults_of(text, Known()) == [
        Fault("missing_contact", 5, "Contact us", "Say how people reach you: an address, a form, a telephone number")
    ]
    assert codes(text, Known(document="terms")) == []


def test_a_contact_of_the_profile_counts_wherever_it_is_printed() -> None:
    assert codes("Ask at the counter in Hall 7.", Known(contacts=("Hall 7",))) == []


def test_an_alias_is_known_and_without_a_profile_the_first_name_is() -> None:
    text = "Test Site aims to help. Other Shop aims to help too." + TAIL
    assert codes(text) == ["unknown_entity"]
    assert codes(text, Known(("Test Site", "Other Shop"))) == []
    assert [fault.text for fault in faults_of(text, Known())] == ["Other Shop"]


def test_a_fault_is_on_its_own_line_whatever_the_ends_of_lines_are() -> None:
    lines = ["# One", "", "Two [email protected]", "", "<!-- a", "comment -->", "It takes one (2) days."]
    for end in ("\n", "\r\n"):
        assert [(fault.line, fault.code) for fault in faults_of(end.join(lines) + TAIL, KNOWN)] == [
            (3, "obfuscated_address"),
            (7, "word_figure"),
        ]


def test_each_occurrence_is_a_fault_of_its_own() -> None:
    assert Counter(codes("[email protected] or [email protected]\n\n[email protected]" + TAIL)) == {
        "obfuscated_address": 3
    }


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=400))
def test_any_text_at_all_has_faults_on_its_own_lines(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    for fault in faults_of(text, KNOWN):
        assert fault.code in CODES
        assert 1 <= fault.line <= lines


@pytest.mark.parametrize(
    "piece", ["one ", "(", "[a ", "Name ", "{{ ", "a@", "word(", "<b", "- ", "cookies may not ", "\n"]
)
def test_a_hostile_text_takes_no_long_time(piece: str) -> None:
    faults_of(piece * (20_000 // len(piece)), KNOWN)


# --- the five real texts ----------------------------------------------------------------------

TEXTS = os.environ.get("POLICY_TEXTS", "")
PROFILES = Path(__file__).resolve().parents[2] / "project" / "profiles"
#: By profile: the text's number, and the code and line of each fault that is in it.
EXPECTED: dict[str, tuple[str, list[tuple[str, int]]]] = {
    "harvest": ("000", []),
    "harvestr": ("001", [("obfuscated_address", line) for line in (67, 79, 99, 150)]),
    "coopt": ("002", [("placeholder", 73), ("word_figure", 76)]),
    "harmony": (
        "003",
        [("contradiction", 95), ("unknown_entity", 130), ("unknown_entity", 146), ("empty_address", 211)],
    ),
    "adsterra": ("004", []),
}


def real_text(number: str) -> Path:
    found = sorted(Path(TEXTS).glob(f"{number}_*.txt")) if TEXTS else []
    if not found:
        pytest.skip("POLICY_TEXTS names no folder with the published texts")
    return found[0]


@pytest.mark.parametrize("site", EXPECTED)
@pytest.mark.parametrize("with_profile", [True, False], ids=["by its profile", "by itself"])
def test_a_real_text_has_exactly_the_faults_that_are_in_it(db: None, site: str, with_profile: bool) -> None:
    number, expected = EXPECTED[site]
    text = real_text(number).read_text(encoding="utf-8")
    facts = read_profile(PROFILES / f"{site}.toml").facts
    known = Known(facts.names, tuple(facts.contacts.values())) if with_profile else Known()
    assert [(fault.code, fault.line) for fault in faults_of(text, known)] == expected
