"""Who the site is: the facts that pages, mails and letters quote instead of hard-coding them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from privacy.promises.faults import Faults, TableReader

_CODE = re.compile(r"[A-Z]{2,10}")
_EMAIL = re.compile(r"[^@\s\[\]<>]+@[^@\s\[\]<>]+\.[^@\s\[\]<>]+")
_LINK = re.compile(r"(https?://|/)\S*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PLACEHOLDER = re.compile(r"\[[^\]]*\]|\b(todo|tbd|xxx)\b", re.IGNORECASE)

#: Every channel a person may be told to write or call by. None is compulsory: one site has only a form.
CHANNELS = ("email", "form", "helpdesk", "chat", "phone")
ROLES = ("controller", "processor")


@dataclass(frozen=True, slots=True)
class Officer:
    """The data protection officer; all empty where the site names none."""

    name: str = ""
    email: str = ""
    postal_address: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.name or self.email or self.postal_address)


@dataclass(frozen=True, slots=True)
class Authority:
    """Where a person may complain about the site."""

    name: str = ""
    link: str = ""

    def __bool__(self) -> bool:
        return bool(self.name or self.link)


@dataclass(frozen=True, slots=True)
class Facts:
    """The site's facts; every field may be empty, ``code`` is empty while no profile is loaded.

    Attributes:
        code: ``"HTC"``, the first part of every promise's id.
        name: the name the site goes by.
        aliases: further names that its texts use for it.
        legal_entity: the company, or empty.
        register_number: its entry in a trade register, or empty.
        postal_address: one item a line.
        contact_name: the person to write to, or empty.
        contacts: by channel (``email``, ``form``, ``helpdesk``, ``chat``, ``phone``).
        officer: the data protection officer.
        authority: where to complain.
        redress: whether people are told that courts and agencies are open to them as well.
        roles: ``{"own": "controller", "client": "processor"}``, whichever are declared.
        languages: codes, the main one first.
        printed_date_label: the words before the printed date of the policy, or empty where none is printed.
    """

    code: str = ""
    name: str = ""
    aliases: tuple[str, ...] = ()
    legal_entity: str = ""
    register_number: str = ""
    postal_address: tuple[str, ...] = ()
    contact_name: str = ""
    contacts: Mapping[str, str] = field(default_factory=dict)
    officer: Officer = Officer()
    authority: Authority = Authority()
    redress: bool = False
    roles: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    printed_date_label: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The name, the legal entity and all aliases, each once."""
        return tuple(dict.fromkeys(name for name in (self.name, self.legal_entity, *self.aliases) if name))

    def as_data(self) -> dict[str, Any]:
        """As JSON keeps them."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Facts:
        officer = dict(data.get("officer", {}))
        officer["postal_address"] = tuple(officer.get("postal_address", ()))
        values: dict[str, Any] = {
            **data,
            **{name: tuple(data.get(name, ())) for name in ("aliases", "postal_address", "languages")},
            "officer": Officer(**officer),
            "authority": Authority(**data.get("authority", {})),
        }
        return cls(**values)


def read_facts(table: Mapping[str, Any], faults: Faults) -> Facts:
    """Read the profile's ``[site]`` table; what is wrong goes to ``faults``."""
    site = TableReader(table, label="[site]", faults=faults)
    contacts, officer, authority, roles = (site.inner(key) for key in ("contacts", "dpo", "authority", "roles"))
    facts = Facts(
        code=_matching(site, "code", _CODE, "two to ten capital letters", example="HTC", required=True),
        name=_finished(site, "name", example="Example Coop", required=True),
        aliases=tuple(site.texts("aliases", example="Example")),
        legal_entity=_finished(site, "legal_entity", example="Example Ltd"),
        register_number=_finished(site, "register_number", example="HRB 12345"),
        postal_address=tuple(site.texts("postal_address", example="1 Example Street")),
        contact_name=_finished(site, "contact_name", example="Alex Example"),
        contacts=_contacts(contacts),
        officer=Officer(
            name=_finished(officer, "name", example="Alex Example"),
            email=_matching(officer, "email", _EMAIL, "an e-mail address", example="dpo@example.org"),
            postal_address=tuple(officer.texts("postal_address", example="1 Example Street")),
        ),
        authority=Authority(
            name=_finished(authority, "name", example="The supervisory authority of your country"),
            link=_matching(authority, "link", _LINK, "a link", example="https://example.org/complain"),
        ),
        redress=site.flag("redress"),
        roles={scope: role for scope in ("own", "client") if (role := roles.choice(scope, ROLES))},
        languages=_languages(site),
        printed_date_label=_finished(site, "printed_date_label", example="Last update"),
    )
    for reader in (site, contacts, officer, authority, roles):
        reader.close()
    return facts


def _contacts(contacts: TableReader) -> dict[str, str]:
    read = {
        "email": _matching(contacts, "email", _EMAIL, "an e-mail address", example="privacy@example.org"),
        "phone": _finished(contacts, "phone", example="+44 20 7946 0000"),
        **{
            channel: _matching(contacts, channel, _LINK, "a link", example="https://example.org/contact")
            for channel in ("form", "helpdesk", "chat")
        },
    }
    return {channel: read[channel] for channel in CHANNELS if read[channel]}


def _languages(site: TableReader) -> tuple[str, ...]:
    languages = site.texts("languages", example="en")
    for language in languages:
        if not _LANGUAGE.fullmatch(language):
            site.fault("languages", f'"{language}" is no language code', 'Write codes such as "en" or "pt-BR"')
    return tuple(languages)


def _finished(reader: TableReader, key: str, *, example: str, required: bool = False) -> str:
    """A text that is no placeholder: one published address was a template's unfilled blank."""
    value = reader.text(key, example=example, required=required)
    if _PLACEHOLDER.search(value):
        reader.fault(key, f'"{value}" is a placeholder', "Fill it in, or leave the key out")
        return ""
    return value


def _matching(
    reader: TableReader, key: str, pattern: re.Pattern[str], what: str, *, example: str, required: bool = False
) -> str:
    value = _finished(reader, key, example=example, required=required)
    if value and not pattern.fullmatch(value):
        reader.fault(key, f'"{value}" is not {what}', f'Write it as in "{example}"')
        return ""
    return value
