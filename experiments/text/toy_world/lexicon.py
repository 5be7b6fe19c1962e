"""The words of the toy world and how they are related: what is a kind of what, what means the same, what the opposite.

One lexicon serves all texts and all tables. Every word belongs to one class, so a sentence can be parsed without
ambiguity; only the homographs are meant to be two things. Words that a template puts behind "a" begin with a consonant.

Synonyms and antonyms share their contexts ("the dog was big", "the dog was small"), so a model cannot tell them apart
by the words around them alone. Each pole therefore keeps company of its own: big things towered, small things vanished.
"""

# ruff: noqa: SIM905  # a text split into words is easier to read and to extend than a list of quotes

from dataclasses import dataclass

HE = (
    "adam basil carl david edgar felix george henry isaac jacob karl louis "
    "martin nathan oscar paul quentin robert simon thomas ulrich victor walter xavier"
).split()
SHE = (
    "alice bertha clara diana emma flora grace helen irene julia karen laura "
    "maria nora olivia paula rachel sarah teresa ursula vera wendy yvonne zoe"
).split()
PEOPLE = HE + SHE


@dataclass(frozen=True)
class Category:
    """A class of things: "dog", a "creature", with its members; dogs barked."""

    name: str
    kind: str
    did: str
    members: tuple[str, ...]


CATEGORIES = [
    Category("dog", "creature", "barked", tuple("poodle beagle terrier spaniel collie boxer husky pug".split())),
    Category("bird", "creature", "sang", tuple("sparrow robin falcon pigeon parrot finch raven swan".split())),
    Category("flower", "plant", "bloomed", tuple("rose tulip daisy lily poppy pansy peony crocus".split())),
    Category("tree", "plant", "grew", tuple("beech pine willow maple cedar birch poplar larch".split())),
    Category("fruit", "food", "ripened", tuple("pear peach plum cherry banana lemon melon fig".split())),
    Category("shoe", "garment", "squeaked", tuple("boot sandal slipper clog sneaker loafer moccasin pump".split())),
    Category("coat", "garment", "tore", tuple("parka jacket cloak cape poncho blazer raincoat robe".split())),
    Category("boat", "vehicle", "floated", tuple("canoe ferry raft kayak barge yacht dinghy gondola".split())),
]
MEMBERS = [member for category in CATEGORIES for member in category.members]
KINDS = ["creature", "plant", "food", "garment", "vehicle"]
CATEGORY_OF = {member: category for category in CATEGORIES for member in category.members}


@dataclass(frozen=True)
class Opposites:
    """Two pairs of synonyms that mean the opposite of each other, and the company that each pair keeps."""

    poles: tuple[tuple[str, str], tuple[str, str]]
    company: tuple[str, str]


def _opposites(table: str) -> list[Opposites]:
    """Each line: two synonyms and their company | their two opposites and theirs."""
    rows = [[half.split() for half in line.split("|")] for line in table.strip().splitlines()]
    return [Opposites(((a, b), (c, d)), (one, other)) for (a, b, one), (c, d, other) in rows]


ADJECTIVES = _opposites("""
    big large towered       | small little vanished
    quick fast raced        | slow sluggish lagged
    clean spotless gleamed  | dirty filthy stank
    pretty beautiful charmed| hideous grotesque shocked
    cheap reasonable saved  | costly pricey ruined
    wet damp dripped        | dry parched cracked
    bright shiny dazzled    | dark dim faded
    quiet silent whispered  | loud noisy roared
    strong sturdy endured   | weak fragile broke
    heavy weighty sank      | light feathery drifted
    smooth level slid       | rough bumpy scratched
    sweet sugary pleased    | sour bitter stung
    hot scalding steamed    | cold frosty froze
    hard rigid clattered    | soft fluffy yielded
    vacant bare echoed      | full crammed overflowed
    thick chunky bulged     | thin slender swayed
""")
"""What things of each pole did: "the big dog towered"."""

VERBS = _opposites("""
    found discovered smiled     | lost misplaced searched
    bought purchased paid       | sold auctioned earned
    liked loved cheered         | hated disliked frowned
    praised admired applauded   | criticised mocked complained
    repaired fixed rested       | damaged smashed apologised
    built constructed sweated   | destroyed demolished swept
    kept retained stored        | discarded dumped emptied
    remembered recalled nodded  | ignored overlooked yawned
    lifted raised stretched     | lowered dropped crouched
    hid concealed smirked       | revealed displayed explained
    opened unlocked entered     | closed sealed left
    accepted welcomed agreed    | rejected refused objected
""")
"""What people of each pole did: "adam found the dog and smiled"."""

AGREEMENT = [
    ("is", "are"),
    ("was", "were"),
    ("looks", "look"),
    ("seems", "seem"),
    ("stays", "stay"),
    ("remains", "remain"),
    ("feels", "feel"),
    ("becomes", "become"),
]
"""Verbs in the singular and in the plural; an adjective follows."""

HOMOGRAPHS = "record watch hammer brush mail stamp drill paint guard chain nail crown bottle lock crate label".split()
"""Nouns and verbs: "they record the dog", "the record is big"."""

ROOMS = "attic bathroom bedroom cellar garage garden hall kitchen library porch".split()
THINGS = "ball basket book candle coin key lamp letter map ring spoon towel".split()
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
NUMBERS = [str(n) for n in range(1, 41)]

GOOD = (
    "superb brilliant delightful charming splendid wonderful elegant gripping "
    "moving clever graceful touching dazzling lovely vivid thrilling"
).split()
BAD = (
    "awful dreadful boring clumsy terrible tedious dull annoying shallow messy bland dreary stale lazy painful grating"
).split()
WORKS = "film novel play concert ballet show musical comedy".split()
ASPECTS = "plot acting music ending script dialogue pace cast setting opening".split()

CITIES = (
    "arden belmont carwick dunmore elsworth farley glenrock hartfield ivybridge kelso "
    "langford milton norwood oakham penrith queenstown redcliff selby thornton walden"
).split()
COUNTRIES = "albion bretonia caledon dalmora estria fennmark galdor helvia".split()
RIVERS = "ash brook cray dart eden frome gray humber".split()
JOBS = (
    "baker carpenter dentist driver farmer gardener hunter judge "
    "lawyer mason nurse painter sailor tailor teacher weaver"
).split()
INSTRUMENTS = "banjo cello drum flute guitar harp organ piano trumpet violin".split()
COLOURS = "amber black blue brown green orange purple red white yellow".split()

TRANSLATED = "dog bird flower tree fruit shoe coat boat big small quick slow found lost bought sold".split()
LANGUAGES = {
    "norvish": "hunka pilvo blosta treku frulta skorna kapta nabro stuvo minka rasko trego fanta mista kopta selko",
    "zamian": "zaru ziwi zolu zeme zufa zosa zaka zibo zuma zini zari zelo zopu zuki zano zemu",
    "ludic": "ludog lubir lufel lutre lufru lusho lucoa lubot lubig lusma luqui luslo lufon lulos lubou lusol",
}
"""The words of three languages for those in `TRANSLATED`, in the same order."""
TRANSLATIONS = {language: dict(zip(TRANSLATED, words.split(), strict=True)) for language, words in LANGUAGES.items()}


def plural(noun: str) -> str:
    """`dog` → `dogs`, `finch` → `finches`, `poppy` → `poppies`."""
    if noun.endswith(("ch", "sh", "x", "s")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def pronouns(person: str) -> tuple[str, str, str, str]:
    """`he, his, him, himself`, or `she, her, her, herself`.

    Raises:
        ValueError: if nobody has that name.
    """
    if person in HE:
        return "he", "his", "him", "himself"
    if person in SHE:
        return "she", "her", "her", "herself"
    raise ValueError(f"person must be one of the lexicon's, got {person!r}")
