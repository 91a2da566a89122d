"""What a stranger gets from the site's pages, and the live checks that look at it: breaches are planted and mended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.template import Context, Template
from django.test import Client
from django.utils.translation import deactivate, get_language, override

from privacy.core.readonly import read_only
from privacy.core.registries import CheckContext, Finding, Promised, Status, live_checks
from privacy.policies import probing
from privacy.policies.models import PolicyVersion
from privacy.promises.models import SiteFacts
from tests.policies import strangers_site as site
from tests.policies.conftest import PROFILE

GERMAN = "# Datenschutz\n\nWir halten wenig. privacy@example.org\n"
WHOLE = PROFILE.replace(
    "[closure]",
    """[site.dpo]
name = "Alex Officer"
email = "privacy@example.org"
postal_address = ["Alex Officer", "2 Example Street", "Example Town"]

[site.authority]
name = "The authority of Example Land"
link = "https://authority.example/complain"

[site.roles]
own = "controller"
client = "processor"

[policies]
link_word = "Privacy"

[closure]""",
).replace('languages = ["en", "de"]', 'languages = ["en", "de"]\nregister_number = "HRB 12345"\nredress = true')
OFFICER_POST = 'postal_address = ["Alex Officer", "2 Example Street", "Example Town"]\n'
LOCALE = "django.middleware.locale.LocaleMiddleware"


@pytest.fixture(autouse=True)
def pages(settings: Any) -> Iterator[dict[str, str]]:
    settings.ROOT_URLCONF = "tests.policies.strangers_site"
    settings.PRIVACY = {**settings.PRIVACY, "PUBLIC_PAGES": ["/", "/contact/"]}
    site.PAGES.clear()
    yield site.PAGES
    site.PAGES.clear()
    deactivate()  # LocaleMiddleware leaves the language of its last reader in the thread


@pytest.fixture
def whole(profile: Callable[..., None], published: Callable[..., PolicyVersion]) -> Callable[..., None]:
    """Every fact is known, and the policy is published in both languages; called, it loads another profile."""
    profile(WHOLE)
    published()
    published(GERMAN, language="de")
    return profile


def ask(name: str, now: datetime, **params: Any) -> Finding:
    promise = Promised("TST-1-1", "§1", "It is told.", params=params)
    with read_only():
        return live_checks.get(f"policies.{name}").run(CheckContext(now, promise))


def status(name: str, now: datetime, **params: Any) -> Status:
    return ask(name, now, **params).status


# --- open and linked -----------------------------------------------------------------------


def test_a_page_that_wants_a_sign_in_is_named_and_opening_it_mends_it(whole: Any, now: datetime, settings: Any) -> None:
    assert status("open_to_everybody", now) == Status.KEPT
    settings.PRIVACY = {**settings.PRIVACY, "PUBLIC_PAGES": ["/", "/walled/", "/gone/", "/away/"]}
    found = ask("open_to_everybody", now)
    assert found.status == Status.BROKEN
    assert "/walled/ (asks to sign in), /gone/ (404), /away/ (leads to another host)" in found.why
    settings.PRIVACY = {**settings.PRIVACY, "PUBLIC_PAGES": ["/moved/"]}
    assert status("open_to_everybody", now) == Status.KEPT


def test_home_page_links_to_the_current_policy(whole: Any, now: datetime, pages: dict[str, str]) -> None:
    assert status("linked", now) == status("link_named", now) == Status.KEPT
    pages["/"] = '<a href="/elsewhere/">Privacy policy</a><script>"<a href=/privacy/>Privacy</a>"</script>'
    found = ask("linked", now)
    assert found.status == Status.BROKEN
    assert "/ (en), / (de)" in found.why
    assert "/contact/" not in found.why
    pages["/"] = '<a href="http://localhost/privacy/?language=de"><b>Priv</b>acy</a>'
    site_url = probing.own_address()
    pages["/"] = pages["/"].replace("http://localhost", site_url)
    assert status("linked", now) == status("link_named", now) == Status.KEPT


@pytest.mark.parametrize(
    "page",
    [
        '<template><a href="/privacy/">Privacy</a></template>',
        '<a href="/privacy/" hidden>Privacy</a>',
        '<footer hidden><p><a href="/privacy/">Privacy</a></p></footer>',
        '<!-- <a href="/privacy/">Privacy</a> -->',
        '<a href="https://elsewhere.example/privacy/">Privacy</a>',
    ],
)
def test_a_link_that_nobody_sees_or_that_leads_elsewhere_is_none(
    whole: Any, now: datetime, pages: dict[str, str], page: str
) -> None:
    pages["/"] = page
    assert status("linked", now) == status("link_named", now) == Status.BROKEN
    pages["/"] = f'{page}<br><a href="/privacy/">Privacy</a>'
    assert status("linked", now) == status("link_named", now) == Status.KEPT


def test_the_link_contains_the_promised_word_in_every_language(
    whole: Any, now: datetime, pages: dict[str, str], settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:2], LOCALE, *settings.MIDDLEWARE[2:]]
    assert status("link_named", now) == Status.KEPT
    pages["/"] = (
        "{% load i18n %}{% get_current_language as spoken %}"
        '<a href="/privacy/">{% if spoken == "de" %}Datenschutz{% else %}Privacy{% endif %}</a>'
    )
    found = ask("link_named", now)
    assert found.status == Status.BROKEN
    assert found.why.endswith("on: / (de).")
    assert status("linked", now) == Status.KEPT
    pages["/"] = pages["/"].replace("Datenschutz", "Datenschutz (Privacy)")
    assert status("link_named", now) == Status.KEPT


def test_without_a_published_policy_nobody_can_tell_whether_it_is_linked(profile: Any, now: datetime) -> None:
    assert {status(name, now) for name in ("linked", "link_named", "nothing_unfilled")} == {Status.CANNOT_TELL}
    assert status("open_to_everybody", now) == Status.KEPT


def test_a_page_that_would_write_is_no_answer_and_writes_nothing(whole: Any, now: datetime, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "PUBLIC_PAGES": ["/counting/"]}
    for name in ("open_to_everybody", "linked"):
        found = ask(name, now)
        assert found.status == Status.CANNOT_TELL
        assert "/counting/ (500)" in found.why
    assert probing.get("/counting/").status == 200
    assert SiteFacts.objects.get().code == "TST"


def test_a_look_at_a_page_leaves_the_language_of_who_looks(whole: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:2], LOCALE, *settings.MIDDLEWARE[2:]]
    with override("fr"):
        assert "Datenschutzerklärung (Privacy)" in probing.get("/", language="de").text
        assert get_language() == "fr"


# --- the tag -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Privacy policy"), ("de", "Datenschutzerklärung (Privacy)"), ("fr", "Privacy")]
)
def test_the_tag_writes_a_link_with_the_word_in_each_language(
    profile: Callable[..., None], language: str, words: str
) -> None:
    profile(WHOLE)
    with override(language):
        written = Template('{% load privacy_policies %}{% privacy_link "small" %}').render(Context())
    assert words in written
    assert 'href="/privacy/"' in written
    assert 'rel="privacy-policy"' in written
    assert 'class="small"' in written


@pytest.mark.parametrize("word", ["Privacy", "PRIVACY", "privacy policy"])
def test_a_word_that_is_there_is_not_added_once_more(profile: Callable[..., None], word: str) -> None:
    profile(WHOLE.replace('link_word = "Privacy"', f'link_word = "{word}"'))
    assert ">Privacy policy</a>" in Template("{% load privacy_policies %}{% privacy_link %}").render(Context())


def test_where_no_word_is_promised_none_is_added(profile: Any, now: datetime) -> None:
    with override("de"):
        assert ">Datenschutzerklärung</a>" in Template("{% load privacy_policies %}{% privacy_link %}").render(
            Context()
        )
    assert status("link_named", now) == Status.CANNOT_TELL


# --- what is told --------------------------------------------------------------------------

ALL = ("entity_told", "role_told", "contact_told", "officer_told", "authority_told", "redress_told")
#: For each check: what is taken out of the profile, and what the promise asks for.
SPOILED: dict[str, tuple[str, dict[str, Any]]] = {
    "entity_told": ('register_number = "HRB 12345"\n', {}),
    "role_told": ('own = "controller"\nclient = "processor"\n', {"own": "controller"}),
    "contact_told": ('postal_address = ["1 Example Street", "Example Town"]\n', {"ways": ["email", "post"]}),
    "officer_told": (OFFICER_POST, {"ways": ["email", "post", "person"]}),
    "authority_told": ('name = "The authority of Example Land"\nlink = "https://authority.example/complain"\n', {}),
    "redress_told": ("redress = true\n", {}),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_the_profile_no_longer_names_is_told_to_nobody(name: str, whole: Any, now: datetime) -> None:
    lost, params = SPOILED[name]
    assert status(name, now, **params) == Status.KEPT
    assert lost in WHOLE
    whole(WHOLE.replace(lost, ""))
    assert status(name, now, **params) == Status.BROKEN
    whole(WHOLE)
    assert status(name, now, **params) == Status.KEPT


@pytest.mark.parametrize("name", ALL)
def test_a_page_that_a_host_made_without_it_breaks_the_promise(
    name: str, whole: Any, now: datetime, settings: Any, tmp_path: Any
) -> None:
    params = SPOILED[name][1]
    folder = tmp_path / "privacy" / "policies"
    folder.mkdir(parents=True)
    (folder / "about.html").write_text("")
    before = settings.TEMPLATES
    settings.TEMPLATES = [{**before[0], "DIRS": [tmp_path]}]
    assert status(name, now, **params) == Status.BROKEN
    settings.TEMPLATES = before
    assert status(name, now, **params) == Status.KEPT


@pytest.mark.parametrize("name", ALL)
def test_without_a_profile_nobody_can_tell(name: str, db: None, now: datetime) -> None:
    assert status(name, now) == Status.CANNOT_TELL


def test_another_role_than_the_promised_one_is_broken(whole: Any, now: datetime) -> None:
    assert status("role_told", now, own="controller", client="processor") == Status.KEPT
    assert status("role_told", now, own="processor") == Status.BROKEN


def test_a_blank_in_the_policy_in_force_is_found(
    database_in_hand: None, whole: Any, published: Callable[..., PolicyVersion], now: datetime
) -> None:
    from tests.policies.test_promises import write

    good = PolicyVersion.objects.get(pk="privacy.en.1").text
    assert status("nothing_unfilled", now) == Status.KEPT
    write(good + "\nCall us at [Insert telephone number].\n")
    found = ask("nothing_unfilled", now)
    assert found.status == Status.BROKEN
    assert "en:" in found.why
    assert "(placeholder)" in found.why
    write(good)
    assert status("nothing_unfilled", now) == Status.KEPT


# --- whether the links answer --------------------------------------------------------------


def with_form(address: str) -> str:
    return WHOLE.replace("[site.dpo]", f'form = "{address}"\n\n[site.dpo]', 1)


def test_a_form_of_the_site_that_is_gone_breaks_the_promise(whole: Any, now: datetime) -> None:
    assert status("contact_answers", now) == Status.CANNOT_TELL
    for address, expected in (
        ("/contact/", Status.KEPT),
        ("/gone/", Status.BROKEN),
        ("/walled/", Status.BROKEN),
        (f"{probing.own_address()}/contact/?about=data", Status.KEPT),
    ):
        whole(with_form(address))
        assert status("contact_answers", now, ways=["form"]) == expected, address


class _HelpDesk(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/desk" else 404)
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _HelpDesk)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_host_is_asked_only_where_the_site_allows_it(
    whole: Any, now: datetime, settings: Any, elsewhere: str
) -> None:
    whole(with_form(f"{elsewhere}/desk"))
    found = ask("contact_answers", now)
    assert found.status == Status.CANNOT_TELL
    assert "ASK_OTHER_HOSTS" in found.why
    settings.PRIVACY = {**settings.PRIVACY, "ASK_OTHER_HOSTS": True}
    assert status("contact_answers", now) == Status.KEPT
    whole(with_form(f"{elsewhere}/gone"))
    assert status("contact_answers", now) == Status.BROKEN


# --- the pages -----------------------------------------------------------------------------


def test_two_queues_are_told_apart_though_they_end_in_one_mailbox(whole: Any) -> None:
    page = Client().get("/privacy/").content.decode()
    assert 'href="mailto:privacy@example.org"' in page
    assert 'href="mailto:privacy@example.org?subject=To%20the%20data%20protection%20officer"' in page


def test_a_site_with_nothing_but_a_form_shows_nothing_empty(
    profile: Callable[..., None], published: Callable[..., PolicyVersion]
) -> None:
    bare = '[site]\ncode = "TST"\nname = "Test Site"\n\n[site.contacts]\nform = "/contact/"\n\n'
    profile(bare + PROFILE[PROFILE.index("[closure]") :])
    published()
    page = Client().get("/privacy/").content.decode()
    block = page[page.index('id="pv-about"') : page.index("pv-policy-foot")]
    assert 'href="/contact/"' in block
    for word in ("<dt></dt>", "<dd></dd>", "<p></p>", "E-mail", "Post", "officer", "authority", "Register"):
        assert word not in block, word


def test_a_site_that_names_nothing_shows_no_block(
    profile: Callable[..., None], published: Callable[..., PolicyVersion]
) -> None:
    profile('[site]\ncode = "TST"\nname = "Test Site"\n\n' + PROFILE[PROFILE.index("[closure]") :])
    published()
    assert 'id="pv-about"' not in Client().get("/privacy/").content.decode()


def test_the_account_page_and_the_api_tell_the_same(whole: Any) -> None:
    user = get_user_model()._default_manager.create_user("someone", "someone@example.org", "x")
    client = Client()
    client.force_login(user)
    page = client.get("/account/privacy/").content.decode()
    for words in ("HRB 12345", "Alex Officer", "The authority of Example Land", "You may also go to court"):
        assert words in page, words
    told = client.get("/api/privacy/policies/contacts/").json()
    assert told["register_number"] == "HRB 12345"
    assert [desk["queue"] for desk in told["desks"]] == ["contact", "officer"]
    assert told["desks"][1]["ways"][0] == {
        "channel": "email",
        "lines": ["privacy@example.org"],
        "href": "mailto:privacy@example.org?subject=To%20the%20data%20protection%20officer",
    }
    assert told["authority"] == {"name": "The authority of Example Land", "link": "https://authority.example/complain"}
    assert Client().get("/api/privacy/policies/contacts/").status_code in (401, 403)


def test_a_german_reader_is_told_in_german(whole: Any, now: datetime, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:2], LOCALE, *settings.MIDDLEWARE[2:]]
    page = Client(headers={"accept-language": "de"}).get("/privacy/").content.decode()
    for words in ("Wer wir sind und wie Sie uns erreichen", "ist Verantwortlicher", "Sie haben das Recht"):
        assert words in page, words
    assert {status(name, now, **SPOILED[name][1]) for name in ALL} == {Status.KEPT}


def test_the_pdf_tells_who_the_site_is(whole: Any) -> None:
    response = Client().get("/privacy/documents/privacy/en/1.pdf")
    assert response.content.startswith(b"%PDF-")
    assert response.status_code == 200
