"""``unknown_entity``: the text speaks for a company that is not the site (HMY, T45)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.policies.lint.faults import Fault, Known
from privacy.policies.lint.text import Text

_MEND = "Put the site's own name there, or add this one to the aliases of the profile"
_WORD = r"[A-ZÄÖÜ][\w&'-]*(?:\.(?:com|org|net|io|de|eu))?"
_NAME = (
    rf"(?P<name>{_WORD}(?:[ \t]+(?:&|{_WORD})){{0,5}}(?:,? (?:Inc|Ltd|LLC|Corp|GmbH|AG|SAS|SE|UG|e\.V|B\.V|S\.A)\.?)?)"
)
#: Only a site says these of itself. What others do with data is told in other words.
_SPEAKS = (
    r"(?:aims to|undertakes|strives|endeavou?rs to|is committed to|commits itself|takes your privacy|takes the privacy|"
    r"respects your|values your|relied on your|relies on your|does not sell|will not sell|never sells|"
    r"(?:reserves|has reserved) the right to (?:update|change|modify|amend) this|"
    r"verpflichtet sich|ist bestrebt|bemüht sich|nimmt (?:ihre|deine|den schutz)|respektiert (?:ihre|deine)|"
    r"verkauft (?:ihre|deine|keine)|"
    r"behält sich (?:das recht )?vor, diese)"
)
_PATTERNS = (
    re.compile(rf"\b{_NAME}[ \t]+(?i:{_SPEAKS})\b"),
    re.compile(rf"\b{_NAME}(?:'s?|s)?[ \t]+(?:Privacy Policy|Privacy Notice|Data Protection Officer)\b"),
    re.compile(rf"\b(?i:operated by|owned and operated by|betrieben von)[ \t]+(?:the[ \t]+|der[ \t]+)?{_NAME}"),
    re.compile(rf"\b{_NAME}[ \t]*\([^()\n]{{0,60}}[\"“”„'](?i:we|us|our|wir|uns),?[\"“”'][^()\n]{{0,60}}\)"),
    re.compile(rf"\b(?:Datenschutzerklärung|Datenschutzhinweise) (?:der|des|von)[ \t]+{_NAME}"),
    re.compile(
        rf"\b(?i:is incorporated into|subject to)\b[^.\n]{{0,40}}\bthe[ \t]+{_NAME}[ \t]+Terms of (?:Service|Use)\b"
    ),
)
_SUFFIX = re.compile(r"[\s,]+(?:inc|ltd|llc|corp|gmbh|ag|sas|se|ug|e\.?v|b\.?v|s\.?a)\.?$", re.IGNORECASE)
#: Words with a capital that name nobody.
_NOBODY = frozenset(
    "we our us you your this that these the a an it they he she i in if by for and or to of on at as when while where "
    "service services site website web company client clients user users visitor visitors customer customers member "
    "members policy privacy data personal controller processor processors subject app application platform party "
    "third everyone everybody nobody who which please however moreover wir uns sie ihr ihre unser unsere der die das "
    "dieser diese dieses website webseite dienst anbieter unternehmen gesellschaft verantwortliche verantwortlicher "
    "nutzer kunde kunden mitglied mitglieder betreiber seite cookie cookies california european general integrated "
    "their its his her following above see read click all any each every no not select page current new old full "
    "online".split()
)


def find(text: Text, known: Known) -> Iterator[Fault]:
    """Names in places where only the site's own name belongs."""
    found = sorted(
        {match.span("name"): match["name"] for pattern in _PATTERNS for match in pattern.finditer(text.plain)}.items()
    )
    names = [(span[0], cleaned) for span, name in found if (cleaned := _cleaned(name))]
    own = [_key(name) for name in known.names] or [_key(name) for _, name in names[:1]]
    told: set[int] = set()
    for offset, name in names:
        if offset not in told and not _is_one_of(_key(name), own):
            told.add(offset)
            yield Fault("unknown_entity", text.line_at(offset), name, _MEND)


def _cleaned(name: str) -> str:
    """Without the words in front that only begin a sentence; empty where nothing else is left."""
    words = name.split()
    while words and words[0].strip(",'").lower() in _NOBODY:
        words.pop(0)
    return " ".join(words).strip(" ,'")


def _key(name: str) -> str:
    bare = _SUFFIX.sub("", name.strip())
    bare = re.sub(r"\.(?:com|org|net|io|de|eu)$", "", bare, flags=re.IGNORECASE)
    return re.sub(r"[^\w]", "", re.sub(r"'s$", "", bare)).lower()


def _is_one_of(key: str, own: list[str]) -> bool:
    """ "HHarvest" is a slip of the pen and no other company."""
    return not key or any(key == one or key.endswith(one) or key.startswith(one) for one in own if one)
