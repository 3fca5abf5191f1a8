"""A sheet of prompts.txt, three seeds of each, one step, the words below; and the same of the weights that DiffusionGAN began with."""

import os
import textwrap

import torch
from PIL import Image, ImageDraw, ImageFont

from judging.model_folder import Model, before_gan

SEEDS, PROMPTS_A_ROW, SHOWN, GAP, WORDS = 3, 3, 128, 6, 22
PAPER, INK = (250, 247, 240), (60, 56, 52)


def font(size):
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default()


def lay_out(pictures, prompts):
    """Pictures (prompts, seeds, height, width, 3)."""
    block = SEEDS * (SHOWN + 2) + GAP
    rows = (len(prompts) + PROMPTS_A_ROW - 1) // PROMPTS_A_ROW
    sheet = Image.new("RGB", (GAP + PROMPTS_A_ROW * block, GAP + rows * (SHOWN + WORDS)), PAPER)
    pen, face = ImageDraw.Draw(sheet), font(11)
    for i, (row, prompt) in enumerate(zip(pictures, prompts)):
        x, y = GAP + i % PROMPTS_A_ROW * block, GAP + i // PROMPTS_A_ROW * (SHOWN + WORDS)
        for k, picture in enumerate(row):
            sheet.paste(Image.fromarray(picture.numpy()).resize((SHOWN, SHOWN), Image.LANCZOS), (x + k * (SHOWN + 2), y))
        pen.text((x, y + SHOWN + 3), textwrap.shorten(prompt, 64), INK, face)
    return sheet


def write_sheet(model, prompts, path):
    answers = [model.generate(prompts, model.noise(len(prompts), seed)) for seed in range(1, SEEDS + 1)]
    lay_out(torch.stack(answers, 1), prompts).save(path, optimize=True)


def run(folder, path, **_):
    with open(os.path.join(path, "prompts.txt"), encoding="utf-8") as file:
        prompts = file.read().splitlines()
    write_sheet(Model(path), prompts, os.path.join(path, "contact-sheet.png"))
    if os.path.exists(before_gan(folder)):
        write_sheet(Model(before_gan(folder)), prompts, os.path.join(path, "before-gan.png"))
