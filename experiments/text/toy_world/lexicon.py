"""The words of the toy world, by class. A slot `{city}` in a template takes a word of the class `city`.

Every word belongs to one class, so that sentences can be parsed without ambiguity. Jobs, pets and works begin with a
consonant, because templates put "a" before them.
"""

# ruff: noqa: SIM905  # a text split into words is easier to read and to extend than a list of quotes

HE = (
    "adam basil carl david edgar felix george henry isaac jacob karl louis martin nathan oscar paul quentin robert "
    "simon thomas ulrich victor walter xavier zachary arthur bruno cyril dennis ernest"
).split()
SHE = (
    "alice bertha clara diana emma flora grace helen irene julia karen laura maria nora olivia paula rachel sarah "
    "teresa ursula vera wendy yvonne zoe agnes beatrice celia doris edith frances"
).split()

CLASSES: dict[str, list[str]] = {
    "person": HE + SHE,
    # the attributes of people and of cities in the encyclopedia
    "city": (
        "arden belmont carwick dunmore elsworth farley glenrock hartfield ivybridge kelso langford milton norwood "
        "oakham penrith queenstown redcliff selby thornton upton walden yarrow"
    ).split(),
    "country": "albion bretonia caledon dalmora estria fennmark galdor helvia".split(),
    "river": "ash brook cray dart eden frome gray humber".split(),
    "job": (
        "baker carpenter dentist driver farmer gardener hunter judge lawyer mason nurse painter sailor "
        "tailor teacher weaver"
    ).split(),
    "food": "apples bread cheese dates eggs figs grapes honey lentils mushrooms noodles olives pears rice soup".split(),
    "instrument": "banjo cello drum flute guitar harp organ piano trumpet violin".split(),
    "pet": "cat dog goat goose hamster horse parrot pony rabbit turtle".split(),
    "colour": "amber black blue brown green orange purple red white yellow".split(),
    # stories: rooms, and things that are carried between them
    "room": "attic bathroom bedroom cellar garage garden hall kitchen library office".split(),
    "thing": "ball basket book bottle candle coin hammer key lamp letter map ring spoon towel watch".split(),
    # reviews: works, what they are about, their aspects, and adjectives
    "work": "film novel play concert ballet show musical comedy".split(),
    "topic": "war love dragons pirates robots winter ghosts money trains islands".split(),
    "aspect": "plot acting music ending script dialogue pace cast setting opening".split(),
    "good": (
        "superb brilliant delightful charming splendid wonderful elegant gripping moving clever graceful touching "
        "dazzling lovely vivid thrilling masterful inspired fresh witty radiant memorable polished subtle"
    ).split(),
    "bad": (
        "awful dreadful boring clumsy terrible tedious dull annoying shallow messy weak stale lazy horrible painful "
        "pointless grating bland sloppy hollow tiresome forgettable wooden ugly"
    ).split(),
}

OPPOSITE = {"good": "bad", "bad": "good"}

PARTS = ("train", "dev", "test")


def part(polarity: str, name: str) -> list[str]:
    """A third of the adjectives of a polarity. "train", "dev" and "test" are disjoint.

    Raises:
        ValueError: on another polarity or part.
    """
    if polarity not in OPPOSITE:
        raise ValueError(f"polarity must be 'good' or 'bad', got {polarity!r}")
    if name not in PARTS:
        raise ValueError(f"name must be one of {', '.join(map(repr, PARTS))}, got {name!r}")
    return CLASSES[polarity][PARTS.index(name) :: len(PARTS)]


def pronoun(person: str) -> str:
    """`he` or `she`.

    Raises:
        ValueError: if nobody has that name.
    """
    if person not in CLASSES["person"]:
        raise ValueError(f"person must be one of the lexicon's, got {person!r}")
    return "he" if person in HE else "she"
