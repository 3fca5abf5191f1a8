"""Reads `subjects.txt`: what a picture can be of."""

import os
from dataclasses import dataclass

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "subjects.txt")


@dataclass(frozen=True)
class Subject:
    emoji: str          # the name of its picture
    noun: str           # what it is called first of all, and its key
    nouns: tuple        # pairs of one and many
    ground: str         # where it is at home
    bearing: str        # stands, swims, flies, or hangs in the sky
    named: bool         # captions tell of it; else it is drawn for the autoencoder alone


def plural(noun):
    if noun.endswith(("s", "x", "ch", "sh", "z")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def read(path=TABLE):
    subjects = {}
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line.startswith("["):
            ground, bearing = line[1:-1].split()
        elif line and not line.startswith("#"):
            emoji, nouns = line.rstrip(" *").split(" = ")
            pairs = tuple((one, many or plural(one)) for one, _, many in (n.partition("/") for n in nouns.split(", ")))
            subjects[pairs[0][0]] = Subject(emoji, pairs[0][0], pairs, ground, bearing, not line.endswith(" *"))
    return subjects


SUBJECTS = read()
NAMED = tuple(noun for noun, subject in SUBJECTS.items() if subject.named)
