"""The demo organisation: its people and facilities, with the habits that the events are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dashapp.source.demo_names import (
    FACILITY_BRANDS,
    FACILITY_KINDS,
    REGIONS,
    TIER_NAMES,
    FacilityKind,
    RegionCast,
)

Floats = NDArray[np.float64]

# (email, password, role, name): the accounts one can sign in with. Nobody else has a password.
DEMO_ACCOUNTS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("admin@accord.com", "admin123", "admin", "Daniel Kariuki"),
    ("manager@accord.com", "manager123", "manager", "Susan Wairimu"),
)
MAIL_DOMAIN: Final = "accord.com"

FACILITIES_PER_REP: Final = 8.4
STOPPED_SHARE: Final = 0.08
TIER_SHARES: Final = (0.38, 0.27, 0.18, 0.12, 0.05)  # lowest tier first
FADING_REPS: Final = 4
NEW_REPS: Final = 3
FORMER_REPS: Final = 1
FADE_DAYS: Final = 30.0  # time constant of a fading rep's decline
FADED_EFFORT: Final = 0.25  # what is left of it in the end
RAMP_DAYS: Final = 45.0  # time constant of a new rep's learning


@dataclass(frozen=True, slots=True)
class Person:
    """A user. What follows the password hash is hidden: no document shows it, every event depends on it.

    skill          chance of winning business beside an average rep's 1
    diligence      visits a day beside an average rep's 1
    *_days_ago     days before the present; None: not so
    """

    id: str
    email: str
    name: str
    role: str
    region: str | None = None
    tier: str | None = None
    password_hash: str | None = None
    skill: float = 1.0
    diligence: float = 1.0
    joined_days_ago: float | None = None
    fading_days_ago: float | None = None
    left_days_ago: float | None = None

    def effort(self, days_ago: Floats) -> Floats:
        """Visits a day beside an average rep's 1, that many days before the present."""
        effort = np.full(days_ago.shape, self.diligence)
        if self.fading_days_ago is not None:
            fading = np.clip(self.fading_days_ago - days_ago, 0.0, None)
            effort *= FADED_EFFORT + (1 - FADED_EFFORT) * np.exp(-fading / FADE_DAYS)
        if self.joined_days_ago is not None:
            effort *= days_ago <= self.joined_days_ago
        if self.left_days_ago is not None:
            effort *= days_ago > self.left_days_ago
        return effort

    def winning(self, days_ago: Floats) -> Floats:
        """Skill that many days before the present: new reps still learn, fading ones lose heart."""
        winning = np.full(days_ago.shape, self.skill)
        if self.fading_days_ago is not None:
            winning *= np.where(days_ago < self.fading_days_ago, 0.7, 1.0)
        if self.joined_days_ago is not None:
            worked = np.clip(self.joined_days_ago - days_ago, 0.0, None)
            winning *= 1 - 0.4 * np.exp(-worked / RAMP_DAYS)
        return winning


@dataclass(frozen=True, slots=True)
class Place:
    """A facility. What follows the type is hidden, as with Person.

    size         usual order amount beside an average facility's 1
    rhythm_days  usual days between orders
    """

    id: str
    name: str
    region: str
    type: str
    size: float
    rhythm_days: float
    stopped_days_ago: float | None = None


@dataclass(frozen=True)
class World:
    """Everyone and every place of the demo organisation; tiers from the lowest to the highest."""

    seed: int
    tiers: tuple[str, ...]
    people: tuple[Person, ...]
    places: tuple[Place, ...]

    @property
    def reps(self) -> tuple[Person, ...]:
        return tuple(person for person in self.people if person.role == "sales")

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(region.name for region in REGIONS)


def make_world(seed: int, hash_password: Callable[[str], str]) -> World:
    """The organisation of that seed. Only the demo accounts' passwords are hashed."""
    rng = np.random.default_rng([seed, 1])
    people = [*_office(hash_password), *_reps(rng)]
    numbered = (replace(person, id=f"demo-u-{number:03d}") for number, person in enumerate(people, 1))
    return World(seed, TIER_NAMES, tuple(numbered), _places(rng))


def _office(hash_password: Callable[[str], str]) -> Iterator[Person]:
    for email, password, role, name in DEMO_ACCOUNTS:
        yield Person("", email, name, role, password_hash=hash_password(password))
    for region in REGIONS:
        yield Person("", _email(region.lead), region.lead, "manager", region.name)


def _reps(rng: Generator) -> list[Person]:
    reps = [
        Person("", _email(name), name, "sales", region.name) for region in REGIONS for name in region.reps
    ]
    skills = np.clip(rng.normal(1.0, 0.13, len(reps)), 0.7, 1.35)
    diligence = np.clip(rng.normal(1.0, 0.1, len(reps)), 0.75, 1.25)
    rated = [
        replace(rep, skill=float(skill), diligence=float(pace))
        for rep, skill, pace in zip(reps, skills, diligence, strict=True)
    ]
    return _with_tiers(_with_careers(rng, rated))


def _with_careers(rng: Generator, reps: list[Person]) -> list[Person]:
    """Some reps fade, some are new, one has left; only where the region has others to go on."""
    staffed = {region.name for region in REGIONS if len(region.reps) > 3}
    candidates = [number for number, rep in enumerate(reps) if rep.region in staffed]
    chosen = rng.choice(candidates, FADING_REPS + NEW_REPS + FORMER_REPS, replace=False).tolist()
    for number in chosen[:FADING_REPS]:
        reps[number] = replace(reps[number], fading_days_ago=float(rng.uniform(45, 130)))
    for number in chosen[FADING_REPS : FADING_REPS + NEW_REPS]:
        reps[number] = replace(reps[number], joined_days_ago=float(rng.uniform(40, 220)))
    for number in chosen[FADING_REPS + NEW_REPS :]:
        reps[number] = replace(reps[number], left_days_ago=float(rng.uniform(100, 200)))
    return reps


def _with_tiers(reps: list[Person]) -> list[Person]:
    """Tiers go by what a rep has won over the years, so that newcomers start at the bottom."""
    earned = [rep.skill * rep.diligence * (rep.joined_days_ago is None) for rep in reps]
    standing = np.argsort(np.argsort(earned)) / len(reps)
    ranks = np.searchsorted(np.cumsum(TIER_SHARES), standing, side="right")
    return [replace(rep, tier=TIER_NAMES[rank]) for rep, rank in zip(reps, ranks.tolist(), strict=True)]


def _places(rng: Generator) -> tuple[Place, ...]:
    places = [place for region in REGIONS for place in _places_of(rng, region)]
    stopped = rng.choice(len(places), round(STOPPED_SHARE * len(places)), replace=False)
    for number in stopped.tolist():
        places[number] = replace(places[number], stopped_days_ago=float(rng.uniform(35, 180)))
    return tuple(replace(place, id=f"demo-f-{number:04d}") for number, place in enumerate(places, 1))


def _places_of(rng: Generator, region: RegionCast) -> Iterator[Place]:
    count = round(FACILITIES_PER_REP * len(region.reps))
    sites = [(brand, town) for brand in FACILITY_BRANDS for town in region.towns]
    shares = np.array([kind.share for kind in FACILITY_KINDS])
    kinds = rng.choice(len(FACILITY_KINDS), count, p=shares / shares.sum()).tolist()
    for site, kind in zip(rng.choice(len(sites), count, replace=False).tolist(), kinds, strict=True):
        brand, town = sites[site]
        yield _place(rng, region, FACILITY_KINDS[kind], brand, town)


def _place(rng: Generator, region: RegionCast, kind: FacilityKind, brand: str, town: str) -> Place:
    return Place(
        id="",
        name=f"{brand} {rng.choice(kind.suffixes)}, {town}",
        region=region.name,
        type=kind.type,
        size=float(kind.order_size * region.order_size * rng.lognormal(0.0, 0.3)),
        rhythm_days=float(rng.choice(kind.rhythm_days) * rng.uniform(0.9, 1.1)),
    )


def _email(name: str) -> str:
    mailbox = name.lower().replace("'", "").replace(" ", ".")
    return f"{mailbox}@{MAIL_DOMAIN}"
