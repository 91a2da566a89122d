"""The beginning of a ``privacy.py`` for models nobody has declared.

It is valid Python and leaves every judgement empty: ``check`` stays red until a person has filled
in category, purpose and legal basis, and has confirmed what happens to each field.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import EmailField, Model

from privacy.core.errors import PrivacyError
from privacy.datamap.coverage import coverage
from privacy.datamap.decisions import needing
from privacy.datamap.declarations import Delete, Generic, PersonalData
from privacy.datamap.graph import Declared
from privacy.datamap.shapes import BrokenDeclaration, Undeclared


class FolderMissing(PrivacyError):
    """The folder for suggestions does not exist."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The text for one app; ``written_to`` is the file it went to, empty when it went nowhere."""

    app: str
    text: str
    written_to: str = ""


def suggest(*, folder: Path | None = None) -> list[Suggestion]:
    """One text an app with undeclared models, written to ``folder/<app>_privacy.py`` when one is given.

    Raises:
        FolderMissing: the folder does not exist.
    """
    if folder is not None and not folder.is_dir():
        raise FolderMissing(field="--folder", problem="there is no such folder", mend="Make it first")
    by_app: dict[str, list[Undeclared]] = defaultdict(list)
    for item in coverage().undeclared:
        by_app[item.label.partition(".")[0]].append(item)
    found = []
    for app, items in by_app.items():
        text, target = _module(app, items), folder / f"{app}_privacy.py" if folder else None
        if target is not None and not target.exists():
            target.write_text(text, encoding="utf-8")
            found.append(Suggestion(app, text, str(target)))
        else:
            found.append(Suggestion(app, text))
    return found


def _module(app: str, items: list[Undeclared]) -> str:
    blocks = [_block(item) for item in items]
    generic = "Generic, " if any("Generic(" in block for block in blocks) else ""
    config = apps.get_app_config(app)
    module = config.models_module
    head = (
        f'"""Personal data of {config.name}: fill in what is empty; check says what is missing."""\n\n'
        f"from privacy import Delete, {generic}PersonalData, register\n"
        f"from {module.__name__ if module else app} import "
        f"{', '.join(sorted({item.label.partition('.')[2] for item in items}))}\n"
    )
    return head + "".join(blocks)


def _block(item: Undeclared) -> str:
    owner: Any = apps.get_model(item.label)
    many = next((field for field in owner._meta.local_many_to_many if field.name == item.field), None)
    between = item.how != "generic" and many is not None and many.remote_field.through._meta.auto_created
    model: Any = many.remote_field.through if between and many is not None else owner
    target = f"{owner.__name__}.{item.field}.through" if between else owner.__name__
    subject = _subject(item, model)
    data = type("Suggested", (PersonalData,), {"subject": _word(item, model), "on_erasure": Delete()})
    try:
        names = [field.name for field in needing(Declared(model, data))]
    except BrokenDeclaration:
        names = []
    name = f"{owner.__name__}{item.field.title().replace('_', '')}" if between else owner.__name__
    return (
        f"\n\n@register({target})\n"
        f"class {name}Data(PersonalData):\n"
        f"    subject = {subject}  # {_how(item)}\n"
        f'    category = ""  # what a retention schedule calls it\n'
        f'    purpose = ""  # what the published text calls the use\n'
        f'    legal_basis = ""  # contract, consent, legal_obligation, legitimate_interests, …\n'
        f"    on_erasure = Delete()  # or Anonymise(field=value, …) where the row has to stay\n"
        f"    holds = ({''.join(f'{field!r}, ' for field in names).replace(chr(39), chr(34)).rstrip()})"
        f"  # move what is not personal to plain, with the reason\n"
        f"    export = ()  # what a copy for the person holds\n"
    )


def _word(item: Undeclared, model: type[Model]) -> Any:
    if item.how == "generic":
        field: Any = next(f for f in model._meta.private_fields if f.name == item.field)
        return Generic(field.ct_field, field.fk_field)
    if item.how == "user model":
        return "self"
    if item.how == "address":
        is_mail = isinstance(model._meta.get_field(item.field), EmailField)
        return f"email:{item.field}" if is_mail else ()
    return item.path


def _subject(item: Undeclared, model: type[Model]) -> str:
    word = _word(item, model)
    if isinstance(word, Generic):
        return f'Generic("{word.content_type}", "{word.object_id}")'
    return f'"{word}"' if word else "()"


def _how(item: Undeclared) -> str:
    user = get_user_model()._meta.label
    return {
        "generic": "its generic key can point at a person",
        "address": "an address; nobody needs an account for it",
        "user model": "the person",
    }.get(item.how, f"leads to {user} in {item.hops} step{'s' if item.hops > 1 else ''}")
