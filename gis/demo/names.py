"""Hold the name stock of the invented municipality: streets, places, units."""

from __future__ import annotations

MUNICIPALITY = "Fjordvik"
MUNICIPALITY_NUMBER = "9801"
COUNTY_NUMBER = "98"
NOTE = "oppdiktet"

STATIONS = ("Vesterøya", "Strandvik", "Solberg", "Fjordvik", "Nesodden bru", "Østvik", "Holmsund")
METRO = (
    "Tangen",
    "Løkkeberg",
    "Grindhaug",
    "Elvebakken",
    "Furulund",
    "Myrvang",
    "Nordby",
    "Kvernhaugen",
    "Åsgrenda",
    "Skogly",
)
VILLAGES = ("Vestådal", "Møllebakk", "Elvdal", "Sørmarka", "Nesstranda", "Buvika", "Haugsdal",
            "Øvre Elvdal")  # fmt: skip
MAIN_ROADS = ("Kystveien", "Elvdalsveien", "Vestådalsveien", "Østågata", "Strandveien",
              "Sørmarkveien", "Nesveien", "Storøyveien", "Skoglyveien", "Haugsdalsveien",
              "Havnegata", "Stasjonsveien", "Gamle Kongevei", "Ringveien", "Nordbyveien",
              "Kirkeveien", "Buvikveien", "Møllebakkveien")  # fmt: skip
ISLANDS = ("Storøya", "Lyngholmen", "Langøya", "Tårnøya", "Måkeskjær", "Geitholmen", "Selskjær",
           "Ytre Gråholmen", "Indre Gråholmen", "Terneskjær")  # fmt: skip
LAKES = ("Storvannet", "Langvann", "Svarttjern", "Abbortjern", "Øyevannet", "Trollvann",
         "Gjeddevann", "Kroktjern", "Fagervann", "Blåvann", "Myrtjern", "Heivannet", "Dyrvann",
         "Bjørnevann", "Tjurutjern")  # fmt: skip
HILLS = ("Vardåsen", "Storkollen", "Ravnekollen", "Høgåsen", "Tjuråsen", "Bjørnåsen", "Skarvåsen",
         "Steinkollen", "Gaupekollen", "Rundkollen", "Nordre Vardås", "Kringla")  # fmt: skip

_FIRST = [
    "Bjørke",
    "Furu",
    "Gran",
    "Lind",
    "Aske",
    "Osp",
    "Rogn",
    "Selje",
    "Hassel",
    "Lønne",
    "Older",
    "Eike",
    "Alm",
    "Barlind",
    "Einer",
    "Lyng",
    "Røsslyng",
    "Bringebær",
    "Blåbær",
    "Tyttebær",
    "Tranebær",
    "Multe",
    "Kløver",
    "Timotei",
    "Rug",
    "Hvete",
    "Bygg",
    "Havre",
    "Lin",
    "Hestehov",
    "Hvitveis",
    "Blåveis",
    "Løvetann",
    "Prestekrage",
    "Fiol",
    "Nyperose",
    "Syrin",
    "Kaprifol",
    "Konvall",
    "Krokus",
    "Tulipan",
    "Svale",
    "Spurv",
    "Lerke",
    "Trost",
    "Meis",
    "Måke",
    "Terne",
    "Ærfugl",
    "Svane",
    "Vipe",
    "Spove",
    "Gjøk",
    "Ugle",
    "Falk",
    "Hauk",
    "Ørne",
    "Ravn",
    "Skjære",
    "Elg",
    "Hjorte",
    "Rev",
    "Grevling",
    "Ekorn",
    "Hare",
    "Gaupe",
    "Mår",
    "Oter",
    "Bever",
    "Pinnsvin",
    "Ørret",
    "Lakse",
    "Torske",
    "Makrell",
    "Sild",
    "Reke",
    "Hummer",
    "Krabbe",
    "Skjell",
    "Tang",
    "Naust",
    "Brygge",
    "Fyr",
    "Båt",
    "Seil",
    "Anker",
    "Ror",
    "Mast",
    "Garn",
    "Snekke",
    "Lodde",
    "Skipper",
    "Smed",
    "Snekker",
    "Møller",
    "Kverne",
    "Sag",
    "Tønne",
    "Teglverks",
    "Pottemaker",
    "Garver",
    "Baker",
    "Skredder",
    "Glass",
    "Skole",
    "Kirke",
    "Preste",
    "Klokker",
    "Lensmanns",
    "Doktor",
    "Stasjons",
    "Torg",
    "Rådhus",
    "Park",
    "Idretts",
    "Stadion",
    "Ski",
    "Hopp",
    "Akebakke",
    "Utsikts",
    "Solside",
    "Skygge",
    "Morgen",
    "Kvelds",
    "Midtsommer",
    "Vinter",
    "Vår",
    "Høst",
    "Nord",
    "Sør",
    "Øster",
    "Vester",
    "Bakke",
    "Haug",
    "Berg",
    "Kleiv",
    "Dal",
    "Li",
    "Ås",
    "Kolle",
    "Myr",
    "Tjern",
    "Vann",
    "Bekk",
    "Elve",
    "Foss",
    "Kilde",
    "Brønn",
    "Eng",
    "Vold",
    "Jorde",
    "Løkke",
    "Hage",
    "Tun",
    "Låve",
    "Stabbur",
    "Grind",
    "Gjerde",
    "Kalve",
    "Sau",
    "Geite",
    "Hest",
    "Føll",
    "Hønse",
    "Bie",
    "Humle",
    "Sommerfugl",
    "Stein",
    "Skifer",
    "Granitt",
    "Sand",
    "Leir",
    "Mo",
    "Sletta",
    "Furumo",
    "Granholt",
    "Bjørkås",
    "Lindeberg",
    "Osphaug",
    "Rognli",
    "Seljedal",
]
_LAST = ("veien", "bakken", "stien", "faret", "svingen", "åsen", "lia", "gata", "kroken", "tunet",
         "grenda", "ringen", "hagen", "løkka", "terrasse", " allé")  # fmt: skip
_UNIT_LAST = ("Nord", "Sør", "Øst", "Vest", "skogen", "åsen", "jordet", "haugen", "lia", "moen")


def street_names(count: int) -> list[str]:
    """Return distinct street names, the plain ones first."""
    names: list[str] = []
    seen: set[str] = set()
    for turn in range(len(_LAST)):
        for at, first in enumerate(_FIRST):
            name = first + _LAST[(turn + at) % len(_LAST)]
            if name not in seen:
                seen.add(name)
                names.append(name)
    for word in ("Nordre", "Søndre", "Øvre", "Nedre"):
        names += [f"{word} {name}" for name in names[: 16 * len(_FIRST)] if " " not in name]
        if len(names) >= count:
            break
    return names[:count]


def unit_names(near: list[str]) -> list[str]:
    """Return a distinct name for each unit from the place it lies nearest to."""
    used: dict[str, int] = {}
    names: list[str] = []
    for place in near:
        turn = used.get(place, 0)
        used[place] = turn + 1
        if turn == 0:
            names.append(place)
        elif turn <= len(_UNIT_LAST):
            word = _UNIT_LAST[turn - 1]
            names.append(f"{place} {word.lower()}" if turn <= 4 else f"{place}{word}")
        else:
            names.append(f"{_FIRST[(turn * 7 + len(place)) % len(_FIRST)]}haugen {turn - 10}")
    seen: set[str] = set()
    for at, name in enumerate(names):
        while name in seen:
            name += " øvre"
        seen.add(name)
        names[at] = name
    return names
