"""Names of the demo organisation: regions, people, towns, and what facilities are called there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TIER_NAMES: Final = ("Bronze", "Silver", "Gold", "Platinum", "Diamond")


@dataclass(frozen=True, slots=True)
class RegionCast:
    """A sales region: who leads it, who travels in it, where to, and its order size beside the others'."""

    name: str
    lead: str
    reps: tuple[str, ...]
    towns: tuple[str, ...]
    order_size: float


@dataclass(frozen=True, slots=True)
class FacilityKind:
    """A type of facility: what it is called, how common it is, its order size and days between orders."""

    type: str
    suffixes: tuple[str, ...]
    share: float
    order_size: float
    rhythm_days: tuple[float, ...]


REGIONS: Final = (
    RegionCast(
        "Nairobi",
        "Catherine Wambui",
        (
            "Grace Wanjiku",
            "Brian Otieno",
            "Mercy Njeri",
            "Kevin Mwangi",
            "Lilian Achieng",
            "Dennis Kiprotich",
            "Esther Nyambura",
            "Samuel Mutua",
            "Joyce Atieno",
        ),
        ("Westlands", "Kasarani", "Embakasi", "Karen", "Eastleigh", "Kilimani", "Ruaraka", "Lang'ata"),
        1.25,
    ),
    RegionCast(
        "Rift Valley",
        "David Cheruiyot",
        (
            "Faith Chebet",
            "Collins Kiplagat",
            "Purity Jepkosgei",
            "Elijah Rotich",
            "Sharon Chepkemoi",
            "Josphat Lelei",
            "Naomi Sankale",
        ),
        ("Nakuru", "Eldoret", "Kericho", "Naivasha", "Narok", "Kitale", "Bomet"),
        1.05,
    ),
    RegionCast(
        "Central",
        "Peter Kamau",
        (
            "Ann Wangari",
            "John Gitonga",
            "Beatrice Muthoni",
            "Simon Karanja",
            "Lucy Waithera",
            "Paul Ndung'u",
        ),
        ("Thika", "Nyeri", "Murang'a", "Kiambu", "Kerugoya", "Nyahururu"),
        1.0,
    ),
    RegionCast(
        "Coast",
        "Zainab Omar",
        ("Salim Bakari", "Rehema Mwakio", "Ali Juma", "Pauline Mwanyumba", "Hamisi Said"),
        ("Mombasa", "Malindi", "Kilifi", "Voi", "Ukunda", "Lamu"),
        1.1,
    ),
    RegionCast(
        "Nyanza",
        "George Ochieng",
        ("Caroline Adhiambo", "Felix Odhiambo", "Vivian Kerubo", "Moses Onyango", "Irene Moraa"),
        ("Kisumu", "Kisii", "Homa Bay", "Siaya", "Migori", "Nyamira"),
        0.95,
    ),
    RegionCast(
        "Eastern",
        "Agnes Mueni",
        ("Patrick Musyoka", "Winfred Kanini", "Martin Kirimi", "Doreen Kagendo"),
        ("Machakos", "Meru", "Embu", "Kitui", "Makueni"),
        0.9,
    ),
    RegionCast(
        "Western",
        "Joseph Wafula",
        ("Violet Nekesa", "Edwin Barasa", "Judith Ayuma", "Robert Shikuku"),
        ("Kakamega", "Bungoma", "Busia", "Mumias", "Vihiga"),
        0.85,
    ),
    RegionCast(
        "North Eastern",
        "Fatuma Abdi",
        ("Hassan Ibrahim", "Halima Yusuf"),
        ("Garissa", "Wajir", "Mandera", "Masalani"),
        0.75,
    ),
)

FACILITY_KINDS: Final = (
    FacilityKind("Hospital", ("Hospital", "Mission Hospital", "Nursing Home"), 0.2, 2.2, (3, 4, 5)),
    FacilityKind("Health Centre", ("Health Centre", "Medical Centre"), 0.23, 1.1, (4, 5, 7)),
    FacilityKind("Clinic", ("Clinic", "Family Clinic", "Eye Clinic", "Dental Clinic"), 0.22, 0.7, (5, 7, 9)),
    FacilityKind("Pharmacy", ("Pharmacy", "Chemist"), 0.25, 0.6, (4, 5, 7)),
    FacilityKind("Laboratory", ("Diagnostics", "Medical Laboratory"), 0.1, 1.4, (5, 7, 10)),
)

FACILITY_BRANDS: Final = (
    "Tumaini", "Baraka", "Jirani", "Neema", "Amani", "Upendo", "Imara", "Faraja", "Uzima", "Afya Bora",
    "Maisha", "Heri", "Tabibu", "Rehema", "Pamoja", "Zawadi", "Nuru", "Mwangaza", "Salama", "Furaha",
)  # fmt: skip
