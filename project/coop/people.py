"""Invented people. Everything about number n follows from the seed and n, in any order of making them."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from project.coop.models import Member


def _list(text: str) -> list[str]:
    return text.replace("\n", " ").strip().split(", " if ", " in text else " ")


FIRST = _list("""
Ada Amara Anton Bela Bruno Carla Chidi Clara Dana Edda Emil Enis Farid Finja Greta Hana Henk Ida Ines Ivo Jana Jonas
Kaya Kofi Lale Lars Lina Luan Malik Mara Mila Nadia Nils Nora Oskar Paula Pia Rafael Ronja Samir Selma Sven Tara
Theo Uma Vera Wanda Yara Yusuf Zoe
""")
LAST = _list("""
Abel Adler Bauer Becker Brandt Celik Conrad Dietz Eckert Engel Falk Fink Gruber Haas Hahn Ivanov Jung Kaiser Keller
Krause Lange Lorenz Marten Meier Nagel Nowak Okafor Otto Pohl Quandt Rossi Sauer Seidel Tanaka Thoma Ulrich Vogel
Wagner Weiss Winter Yilmaz Zander
""")
STREETS = _list("Ahornweg Bergstraße Buchenallee Gartenstraße Hafenweg Lindenplatz Marktgasse Rosenweg Seestraße")
TOWNS = _list("60311 Frankfurt, 20095 Hamburg, 80331 München, 50667 Köln, 04109 Leipzig, 28195 Bremen, 99084 Erfurt")
TOPICS = _list("gardening cycling baking photography hiking chess music sailing history astronomy knitting woodwork")
WORDS = _list("""
today I could not find the page with last month's figures and would like to know when the next payment comes because
my sister also wants to join please tell me whether the banner with the blue boat may stay thanks and see you soon
""")
HEADLINES = _list("""
Honey from our own hives, Learn the guitar in spring, A bench for every garden, Bread that takes its time,
Old maps and new walks, Paint your boat before June, The quiet keyboard, Seeds of forgotten apples,
Photographs of empty stations, A choir for people who cannot sing, Repair it with us on Fridays, Tea for long nights
""")
MATTERS = _list("""
When is the next payment, My banner is not shown, How do credits work, The picture is too large,
A question about my figures, Please check my site, Two campaigns at once, Thanks for the quick help
""")

DAY = timedelta(days=1)
#: Of a hundred members, four were closed by the co-op itself and three are suspended.
EVERY_CLOSED = 25
EVERY_SUSPENDED = 33


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be: what they are called, since when they take part and until when."""

    number: int
    first: str
    last: str
    joined_at: datetime
    status: Member.Status
    closed_at: datetime | None
    random: Random

    @property
    def username(self) -> str:
        return f"{self.first}.{self.last}{self.number}".lower()

    @property
    def email(self) -> str:
        return f"{self.username}@example.org"

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    def moment(self, now: datetime, since: datetime | None = None) -> datetime:
        """Some moment of their membership, not before ``since``, to the second."""
        begin = max(self.joined_at, since or self.joined_at)
        end = self.closed_at or now
        return _second(begin + (end - begin) * self.random.random() if begin < end else end)

    def words(self, least: int, most: int) -> str:
        count = self.random.randint(least, most)
        start = self.random.randrange(len(WORDS))
        text = " ".join(WORDS[(start + n) % len(WORDS)] for n in range(count))
        return f"{text[0].upper()}{text[1:]}."

    def address(self) -> str:
        return f"{self.random.choice(STREETS)} {self.random.randint(1, 90)}\n{self.random.choice(TOWNS)}"

    def phone(self) -> str:
        return f"+49 30 23125 {self.random.randint(100, 999)}"

    def birth_date(self) -> date:
        return date(self.random.randint(1950, 2004), self.random.randint(1, 12), self.random.randint(1, 28))

    def token(self, length: int = 12) -> str:
        return "".join(self.random.choices(string.ascii_lowercase + string.digits, k=length))


def person(*, number: int, seed: int, now: datetime, always_active: bool = False) -> Person:
    """Invent person ``number``. Joined between a month and three years ago; a few have left or are locked out."""
    random = Random(f"{seed}:{number}")
    joined_at = now - DAY * random.uniform(30, 1095)
    status, closed_at = Member.Status.ACTIVE, None
    if always_active:
        joined_at = now - DAY * 500
    elif number % EVERY_CLOSED == 7:
        status = Member.Status.CLOSED
        closed_at = max(joined_at + DAY, now - DAY * random.uniform(2, 300))
    elif number % EVERY_SUSPENDED == 5:
        status = Member.Status.SUSPENDED
    first, last = random.choice(FIRST), random.choice(LAST)
    return Person(number, first, last, _second(joined_at), status, closed_at and _second(closed_at), random)


def _second(moment: datetime) -> datetime:
    # The databases round fractions differently, and the same seed must give both the same rows.
    return moment.replace(microsecond=0)
