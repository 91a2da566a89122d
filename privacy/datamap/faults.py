"""What can be wrong with one declaration. Each fault names ``app.Model.field`` and the mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db.models import GenericIPAddressField

from privacy.core.periods import InvalidPeriod, Period
from privacy.datamap import decisions, paths
from privacy.datamap.declarations import Anonymise, Delete, Expire, Keep, PersonalData, Sentinel, Shorten
from privacy.datamap.graph import Declared
from privacy.datamap.misshapen import misshapen
from privacy.datamap.shapes import BrokenDeclaration, Side

LEGAL_BASES = (
    "contract",
    "consent",
    "legal_obligation",
    "vital_interests",
    "public_task",
    "legitimate_interests",
)
_SAY = {
    "category": 'Write the word that a retention schedule calls these data by, such as category = "purchases"',
    "purpose": 'Write what your published text calls the use, such as purpose = "orders"',
    "legal_basis": f"Write one of: {', '.join(LEGAL_BASES)}",
}
SCOPES = ("own", "client")
KINDS = ("identifying", "linked", "usage")

Faults = Iterator[BrokenDeclaration]


def faults(declared: Declared) -> list[BrokenDeclaration]:
    """Everything wrong with a declaration by itself; what it does to others is in ``blockers``."""
    if wrong := misshapen(declared.label, declared.data):
        return wrong  # nothing can be asked of words that are not what they should be
    found = list(_words(declared))
    resolved = True
    for resolve in (lambda: declared.sides, lambda: declared.expiries, lambda: declared.keeps):
        try:
            resolve()
        except BrokenDeclaration as broken:
            found.append(broken)
            resolved = False
    rules: tuple[Callable[[Declared], Faults], ...] = (
        (_names, _values, _undecided, _links, _logs) if resolved else (_names,)
    )
    for rule in rules:
        found.extend(rule(declared))
    return found


def _words(declared: Declared) -> Faults:
    """E106: what must be said, and words that nobody knows."""
    data, label = declared.data, declared.label
    for name in ("category", "purpose", "legal_basis"):
        if not getattr(data, name):
            yield _unfinished(f"{label}.{name}", "it is not said", _SAY[name])
    choices = (("legal_basis", LEGAL_BASES), ("scope", SCOPES), ("kind", KINDS))
    for name, allowed in choices:
        value = getattr(data, name)
        if value and value not in allowed:
            yield _unfinished(f"{label}.{name}", f'"{value}" is not known', f"Use one of: {', '.join(allowed)}")
    if data.source not in ("given", "automatic") and not data.source.startswith(("provider:", "feed:")):
        mend = 'Use "given", "automatic", "provider:NAME" or "feed:NAME"'
        yield _unfinished(f"{label}.source", f'"{data.source}" is not known', mend)
    known = set(vars(PersonalData))
    for part in data.__mro__[: data.__mro__.index(PersonalData)]:
        for name in vars(part):
            if not name.startswith("_") and name not in known:
                near = get_close_matches(name, known, 1)
                mend = f'Write "{near[0]}", or remove it' if near else "Correct or remove it"
                yield _unfinished(f"{label}.{name}", "no declaration has this word", mend)
    if (data.scope == "client") != bool(data.controller):
        mend = 'Client scope and a controller belong together: scope = "client", controller = "path.to.user"'
        yield _unfinished(f"{label}.controller", "a client's data needs its controller, and only it does", mend)
    if not declared.subject_words and not data.controller and not data.expires:
        mend = "Say whose it is, or when it ends where nobody can be found by it"
        yield _unfinished(f"{label}.subject", "nobody owns the row and nothing ends it", mend)


def _names(declared: Declared) -> Faults:
    """E107: decisions about fields that the model does not have."""
    data, label = declared.data, declared.label
    named = dict.fromkeys(data.holds, "holds")
    for word, names in (
        ("plain", data.plain),
        ("fields", data.fields),
        ("required", data.required),
        ("export", data.export),
    ):
        named.update(dict.fromkeys(names, word))
    for erasure in _erasures(declared):
        if isinstance(erasure, Anonymise):
            named.update(dict.fromkeys(erasure.values, "on_erasure"))
    for name, word in named.items():
        if paths.own_field(declared.model, name) is None:
            near = get_close_matches(name, [field.name for field in declared.model._meta.get_fields()], 1)
            mend = f'Write "{near[0]}", or remove it from {word}' if near else f"Correct it or remove it from {word}"
            yield BrokenDeclaration(
                code="privacy.E107", field=f"{label}.{name}", problem="the model has no such field", mend=mend
            )


def _values(declared: Declared) -> Faults:
    """E103, E106: values that a column would refuse, and words in the wrong place."""
    data, label = declared.data, declared.label
    for erasure in _erasures(declared):
        if isinstance(erasure, Anonymise):
            for name, value in erasure.values.items():
                yield from _value(declared, name, value)
    names = {side.name for side in declared.sides}
    if not isinstance(data.on_erasure, Delete | Anonymise | Keep):
        for name in set(data.on_erasure) - names:
            yield _unfinished(f"{label}.on_erasure", f'no side is called "{name}"', "Use the words of subject")
    if data.fields and not any(isinstance(item, Anonymise) for item in _erasures(declared)):
        name = next(iter(data.fields))
        mend = "Anonymise the row, or let the field go with it"
        yield _unfinished(f"{label}.{name}", "it is kept, but its row goes", mend)
    if data.holds and all(isinstance(side.erasure, Anonymise) for side in declared.sides) and declared.sides:
        name = next(iter(data.holds))
        mend = "Say in Anonymise what it becomes"
        yield _unfinished(f"{label}.{name}", "it is said to go with the row, but the row stays", mend)


def _value(declared: Declared, name: str, value: Any) -> Faults:
    field = paths.own_field(declared.model, name)
    if field is None:
        return
    where = f"{declared.label}.{name}"
    if value is None and not field.null:
        yield _link(where, "it gets NULL on erasure, and the column may not be empty", "Give another value")
    kind = value is None or isinstance(value, Sentinel) or hasattr(value, "resolve_expression")
    if field.is_relation and not kind and name in {side.path.split("__")[0] for side in declared.sides}:
        mend = f"Give {name}=None, or a Sentinel(…) for the row that stands in"
        yield _unfinished(where, "a link to the person gets a plain value, which is somebody else", mend)
    if isinstance(value, Shorten) and not isinstance(field, GenericIPAddressField):
        yield _unfinished(where, "only an IP address can be shortened", "Give another value")
    if isinstance(value, Sentinel):
        target: Any = field.related_model
        if target is None:
            yield _unfinished(where, "a sentinel stands in a link, and this is none", "Give another value")
            return
        for key in value.lookup:
            try:
                target._meta.pk if key == "pk" else target._meta.get_field(key)
            except FieldDoesNotExist:
                yield _unfinished(where, f'{target._meta.label} has no field "{key}"', "Correct the sentinel")
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    if plain and field.unique:
        mend = "Give NULL or an expression that differs from row to row"
        yield _unfinished(where, "two erased rows would get the same value in a unique column", mend)


def _undecided(declared: Declared) -> Faults:
    """E102: a field that nobody has looked at."""
    stays = decisions.survives(declared)
    word = "Anonymise, fields" if stays else "holds"
    for field in decisions.undecided(declared):
        yield BrokenDeclaration(
            code="privacy.E102",
            field=f"{declared.label}.{field.name}",
            problem="nobody has decided what happens to this field",
            mend=f"Name it in {word} or, when it is not personal, in plain with the reason",
        )


def _links(declared: Declared) -> Faults:
    """E103: a row that outlives its person must let go of them."""
    for side in declared.sides:
        field = side.direct_field
        if isinstance(side.erasure, Keep) and not _lets_go(side):
            # A kept row ends once nobody is linked to it: one that keeps its link looks like a living person's.
            where = f"{declared.label}.{field.name if field is not None else side.name}"
            mend = "Make the link a nullable column of the row, or anonymise the row"
            yield _link(where, "the row is kept, but its link to the person cannot be emptied", mend)
        if field is None or not isinstance(side.erasure, Anonymise) or declared.model is get_user_model():
            continue
        where = f"{declared.label}.{field.name}"
        if field.name not in side.erasure.values:
            mend = f"Make it nullable or give Anonymise({field.name}=…), a Sentinel for a link"
            yield _link(where, "the row is anonymised, but still leads to the person", mend)


def _logs(declared: Declared) -> Faults:
    """E111: a log file whose lines nothing ends."""
    for log in declared.logs:
        where = f"{declared.label}.log_files"
        mend = f'Write LogFile("{log.path}", expires="P3M")'
        try:
            ends = bool(Period.parse(log.expires)) if log.expires else bool(declared.expiries)
        except InvalidPeriod as wrong:
            yield BrokenDeclaration(code="privacy.E111", field=where, problem=f"{log.path}: {wrong.problem}", mend=mend)
            continue
        if not ends:
            problem = f"nothing says how old the lines of {log.path} may become"
            yield BrokenDeclaration(code="privacy.E111", field=where, problem=problem, mend=mend)


def _lets_go(side: Side) -> bool:
    if side.direct_field is not None:
        return bool(side.direct_field.null)
    return side.kind == "user" and bool(side.path)  # the link in between is cut when its own row goes


def _erasures(declared: Declared) -> list[Any]:
    given = declared.data.on_erasure
    found = [given] if isinstance(given, Delete | Anonymise | Keep) else list(given.values())
    expires = declared.data.expires
    for item in (expires,) if isinstance(expires, str | Expire) else expires:
        if isinstance(item, Expire) and item.action is not None:
            found.append(item.action)
    return found


def _unfinished(where: str, problem: str, mend: str) -> BrokenDeclaration:
    return BrokenDeclaration(code="privacy.E106", field=where, problem=problem, mend=mend)


def _link(where: str, problem: str, mend: str) -> BrokenDeclaration:
    return BrokenDeclaration(code="privacy.E103", field=where, problem=problem, mend=mend)
