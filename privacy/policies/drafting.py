"""Writing a draft: from a file, or on the admin's screens. Every refusal here leaves what was there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import router, transaction
from django.utils.translation import check_for_language, override

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.locks import one_at_a_time
from privacy.evidence.services import record
from privacy.policies.lint import Fault
from privacy.policies.models import PolicyDocument, PolicyDraft, PolicyVersion, TextFormat
from privacy.policies.models.versions import NAMES
from privacy.policies.queries import draft_view
from privacy.policies.rendering import format_of
from privacy.policies.site import Site

#: Characters; the longest published text that this was tried with has 32,000.
LONGEST = 500_000
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")


class WrongDraft(PrivacyError):
    """A draft that could not be kept: its code, its language or its text cannot be used."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a text that was imported: the draft, and what keeps it from being published.

    Attributes:
        document: the code.
        version: the number that it will have.
        sha256: of the text as it would be published; without figures in it, that of the file.
        publishable: False while there is a fault.
        faults: one an occurrence, in the order of the text.
    """

    document: str
    version: int
    sha256: str
    publishable: bool
    faults: list[Fault]


def database() -> str:
    """Where drafts and versions live."""
    return router.db_for_write(PolicyVersion)


def lock(document: str, language: str) -> None:
    """One at a time writes or publishes this document in this language, until the open transaction ends."""
    one_at_a_time(f"policies {document} {language}", database())


def import_text(
    *,
    raw: bytes,
    document: str,
    language: str,
    name: str = "",
    form: str = "",
    title: str = "",
    revised_on: date | None = None,
    note: str = "",
    site: Site | None = None,
    now: datetime,
    actor: Actor,
) -> Imported:
    """Make a file the text of the draft of a document in one language.

    Whatever else was said about a draft that is there already stays, but for what is given anew: its note, its dates,
    whether readers are asked again.

    Args:
        raw: the file, UTF-8.
        name: of the file; tells the format where ``form`` does not.
        form: a ``TextFormat``.
        title: of the version; without one, what the document is called.
        revised_on: the date to print.
        note: what changed, in a sentence for readers.
        site: the profile whose names and figures it goes by until it is published; without one, the profile in force.

    Raises:
        WrongDraft: names what is wrong; nothing was written.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongDraft(field="file", problem="it is not written in UTF-8", mend="Save it in UTF-8") from None
    with transaction.atomic(using=database()):
        lock(document, language)
        before = PolicyDraft.objects.using(database()).filter(document_id=document, language=language).first()
        said = before or PolicyDraft()
        draft = write_draft(
            site=site,
            document=document,
            language=language,
            title=title or said.title,
            form=form or format_of(name, text),
            text=text,
            revised_on=revised_on or said.revised_on,
            note=note or said.note,
            material=said.material,
            post_at=said.post_at,
            effective_from=said.effective_from,
            early_reason=said.early_reason,
            now=now,
            actor=actor,
        )
    view = draft_view(draft)
    return Imported(document, view.number, view.digest, view.publishable, view.faults)


def write_draft(
    *,
    document: str,
    language: str,
    title: str,
    form: str,
    text: str,
    revised_on: date | None,
    note: str,
    material: bool = True,
    post_at: datetime | None = None,
    effective_from: datetime | None = None,
    early_reason: str = "",
    site: Site | None = None,
    now: datetime,
    actor: Actor,
) -> PolicyDraft:
    """Keep a text as the draft of a document in one language. A publication that was scheduled is called off.

    Args:
        material: readers are asked again; False for what changes nothing for them, such as a corrected letter.
        post_at: the mails go when it is published, and the page shows it from this moment.
        effective_from: when it is to bind; nothing leaves it to the profile's rule.
        early_reason: why that is sooner than the rule says, for readers.
        site: the profile whose names and figures it goes by; without one, the profile in force.

    Raises:
        WrongDraft: names what is wrong; nothing was written.
    """
    _refuse_unfit(document, language, form, text)
    _refuse_long(title=title, note=note, early_reason=early_reason)
    columns: dict[str, Any] = {
        "title": title.strip() or _title(document, language),
        "form": form,
        "text": text,
        "revised_on": revised_on,
        "note": note.strip(),
        "material": material,
        "post_at": post_at,
        "effective_from": effective_from,
        "early_reason": early_reason.strip(),
        "publish_at": None,
        "refusal": "",
        "site": site.as_data() if site else {},
        "changed_at": now,
    }
    using = database()
    with transaction.atomic(using=using):
        lock(document, language)
        PolicyDocument.objects.using(using).get_or_create(pk=document, defaults={"added_at": now})
        draft, _made = PolicyDraft.objects.using(using).update_or_create(
            document_id=document, language=language, defaults=columns
        )
        record(
            act="policies.draft_written",
            label="privacy.PolicyDraft",
            counts={"characters": len(text)},
            details={"document": document, "language": language, "digest": PolicyVersion.digest_of(text)},
            now=now,
            actor=actor,
        )
    return draft


def discard_draft(*, draft: PolicyDraft, now: datetime, actor: Actor) -> None:
    """Throw a draft away; what was published stays."""
    with transaction.atomic(using=database()):
        lock(draft.document_id, draft.language)
        record(
            act="policies.draft_discarded",
            label="privacy.PolicyDraft",
            details={"document": draft.document_id, "language": draft.language},
            now=now,
            actor=actor,
        )
        draft.delete()


def _refuse_unfit(document: str, language: str, form: str, text: str) -> None:
    if not _CODE.fullmatch(document):
        raise WrongDraft(
            field="document", problem="this is no code of a document", mend='Write small letters, such as "privacy"'
        )
    if not _LANGUAGE.fullmatch(language) or not check_for_language(language.partition("-")[0]):
        raise WrongDraft(field="language", problem="this is no language", mend='Write a code such as "en" or "pt-BR"')
    if form not in TextFormat.values:
        raise WrongDraft(
            field="format", problem="texts of this kind are not read", mend=f"Use {', '.join(TextFormat.values)}"
        )
    if not text.strip():
        raise WrongDraft(field="text", problem="it is empty", mend="Write the text")
    if len(text) > LONGEST:
        raise WrongDraft(
            field="text", problem=f"it has more than {LONGEST} characters", mend="Give the text alone, without its page"
        )
    if "\0" in text:
        raise WrongDraft(field="text", problem="it holds a NUL character", mend="Save it as text")


def _refuse_long(**words: str) -> None:
    for name, said in words.items():
        column: Any = PolicyDraft._meta.get_field(name)
        most = column.max_length
        if len(said.strip()) > most:
            raise WrongDraft(field=name, problem=f"it has more than {most} characters", mend="Say it in fewer words")


def _title(document: str, language: str) -> str:
    with override(language):
        return str(NAMES.get(document) or document.replace("-", " ").capitalize())
