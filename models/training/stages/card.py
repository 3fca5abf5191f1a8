"""Fills in a model's card, README.md of its folder, from accuracy.json and known.json: every figure beside what must be reached,
and which of its subjects the model names."""

import json
import os
import re

from judging.bounds import BOUNDS, found


def figures_of(path, name):
    with open(os.path.join(path, name)) as file:
        return json.load(file)


def cell(value):
    return "not measured" if value is None else f"{value:g}"


def table(figures, size):
    """A row a bound: what the model reaches at its size, before DiffusionGAN where that was run, and at half the size."""
    whole, half = (f"{side}x{side}" for side in (size, size // 2))
    columns = [(f"one step, {whole}", figures)]
    if "before DiffusionGAN" in figures:
        columns.append(("before DiffusionGAN", {**figures, whole: figures["before DiffusionGAN"]}))
    columns.append((f"one step, {half}", {**figures, whole: figures[half]}))
    lines = ["| | must be | " + " | ".join(name for name, _ in columns) + " |", "| --- | --- |" + " --- |" * len(columns)]
    for what, where, kind, bound in BOUNDS:
        of_pictures = where[0] == "{size}"      # what else is measured is the same in all
        cells = [cell(found(some, where, whole)) if of_pictures or i == 0 else "" for i, (_, some) in enumerate(columns)]
        lines.append(f"| {what} | {'at least' if kind == 'least' else 'at most'} {bound:g} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def known(figures):
    lacking = [noun for noun, right in figures["right"].items() if right < figures["known_from"]]
    text = (f"Of {figures['taught']} subjects it names {figures['known']}: those that the classifier read in at least "
            f"{figures['known_from']:g}% of {figures['looks']} pictures of each, alone")
    return text + (". Taught, but not named: " + ", ".join(lacking) + "." if lacking else ".")


def run(settings, path, **_):
    card = os.path.join(path, "README.md")
    with open(card, encoding="utf-8") as file:
        text = file.read()
    for name, content in (("figures", table(figures_of(path, "accuracy.json"), settings.size)),
                          ("known", known(figures_of(path, "known.json")))):
        text, count = re.subn(f"(<!-- {name} -->\n).*?(<!-- end {name} -->)", lambda match: f"{match[1]}{content}\n{match[2]}",
                              text, flags=re.DOTALL)
        if count != 1:
            raise SystemExit(f"{card}: expected one <!-- {name} --> with its end, found {count}")
    with open(card, "w", encoding="utf-8") as file:
        file.write(text)
