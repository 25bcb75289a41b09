"""Say in words, Norwegian first, that the municipality is invented and what its files imitate."""

from __future__ import annotations

_NOTICE = """FJORDVIK (9801) - OPPDIKTET KOMMUNE

Alt i denne mappen er oppdiktet og laget av et dataprogram: land, folk, adresser, ruter, faresoner,
natur og planer. Kommunen ligger i åpent hav i Skagerrak, der det ikke finnes land. Ingen nivåer,
tall, navn eller grenser herfra må brukes til noe virkelig: verken i planlegging, i ROS-analyser
eller i undervisning som fakta. Rødliste- og fremmedartskategorier i artsfilen er eksempler og ikke
en gjengivelse av gjeldende lister. Stormflo- og flomnivåene er valgt for at kartene skal bli
lesbare.

Frø (seed): {seed}. Samme frø gir samme kommune.
Koordinatsystem: EPSG:25833 (rutetidene: lengde- og breddegrad). Høyder i meter; havet i
høydemodellen har verdien nodata (-32767).

Filene etterligner formen (filnavn, felt og koder) til: Kartverket (kommune, grunnkretser, N50,
stedsnavn, adresser, DTM10, stormflo), SSB (befolkning og virksomheter på rutenett, tettsteder), NVE
(flomsoner, kvikkleire, jord- og flomskred), Miljødirektoratet (naturtyper, vern), Artsdatabanken
(artsfunn) og Entur (rutetider, hyppige stopp). Ingen av dem har laget eller godkjent noe her.


FJORDVIK (9801) - AN INVENTED MUNICIPALITY

Everything in this folder is invented and made by a computer program: land, people, addresses,
timetables, hazard zones, nature and plans. The municipality lies in the open sea of the Skagerrak,
where there is no land. No level, number, name or border from here may be used for anything real:
not in planning, not in risk analyses, not in teaching as fact. Red-list and alien-species
categories in the species file are examples and do not restate the lists in force. Storm surge and
flood levels were chosen so that the maps can be read.

Seed: {seed}. The same seed gives the same municipality.
Coordinate system: EPSG:25833 (the timetable: longitude and latitude). Heights in metres; the sea
holds nodata (-32767) in the terrain model.

The files imitate the form (file names, fields, codes) of: Kartverket (municipality, statistical
units, N50, place names, addresses, DTM10, storm surge), SSB (population and workplaces on a grid,
built-up areas), NVE (flood zones, quick clay, landslide caution), Miljødirektoratet (nature types,
protected areas), Artsdatabanken (species records) and Entur (timetable, frequent stops). None of
them made or approved anything here.
"""


def notice(seed: int) -> str:
    """Return the text of LES_MEG.txt for a seed."""
    return _NOTICE.format(seed=seed)
