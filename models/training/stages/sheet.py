"""A contact sheet of prompts.txt, one step each, its words below: the first row from four seeds, the rest once."""

import os
import textwrap

from PIL import Image, ImageDraw, ImageFont

from model_folder import Model

SEEDS = 4
COLUMNS, ZOOM, GAP, WORDS = 6, 1.25, 14, 44
PAPER, INK = (250, 247, 240), (60, 56, 52)


def font(size):
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default()


def lay_out(pictures, words):
    """Pictures in rows of six, two lines of words under each."""
    side = round(pictures.shape[1] * ZOOM)
    rows = (len(words) + COLUMNS - 1) // COLUMNS
    sheet = Image.new("RGB", (GAP + COLUMNS * (side + GAP), GAP + rows * (side + WORDS)), PAPER)
    pen, type_face = ImageDraw.Draw(sheet), font(11)
    for i, (picture, text) in enumerate(zip(pictures, words)):
        x, y = GAP + i % COLUMNS * (side + GAP), GAP + i // COLUMNS * (side + WORDS)
        sheet.paste(Image.fromarray(picture.numpy()).resize((side, side), Image.LANCZOS), (x, y))
        pen.multiline_text((x, y + side + 5), "\n".join(textwrap.wrap(text, 26)), INK, type_face)
    return sheet


def run(path, **_):
    with open(os.path.join(path, "prompts.txt")) as file:
        prompts = file.read().splitlines()
    prompts = prompts[:COLUMNS] * SEEDS + prompts[COLUMNS:]
    model = Model(path)
    pictures = model.generate(prompts, model.noise(len(prompts), 1))
    lay_out(pictures, prompts).save(os.path.join(path, "contact-sheet.png"), optimize=True)
