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


def lay_out(pictures, prompts, shown=SHOWN, prompts_a_row=PROMPTS_A_ROW):
    """Pictures (prompts, seeds, height, width, 3), each so many pixels wide."""
    block = pictures.shape[1] * (shown + 2) + GAP
    rows = (len(prompts) + prompts_a_row - 1) // prompts_a_row
    sheet = Image.new("RGB", (GAP + prompts_a_row * block, GAP + rows * (shown + WORDS)), PAPER)
    pen, face = ImageDraw.Draw(sheet), font(11)
    for i, (row, prompt) in enumerate(zip(pictures, prompts)):
        x, y = GAP + i % prompts_a_row * block, GAP + i // prompts_a_row * (shown + WORDS)
        for k, picture in enumerate(row):
            sheet.paste(Image.fromarray(picture.numpy()).resize((shown, shown), Image.LANCZOS), (x + k * (shown + 2), y))
        pen.text((x, y + shown + 3), textwrap.shorten(prompt, 64), INK, face)
    return sheet


def prompts_of(path):
    with open(os.path.join(path, "prompts.txt"), encoding="utf-8") as file:
        return file.read().splitlines()


def write_sheet(model, prompts, path):
    answers = [model.generate(prompts, model.noise(len(prompts), seed)) for seed in range(1, SEEDS + 1)]
    lay_out(torch.stack(answers, 1), prompts).save(path, optimize=True)


def run(folder, path, **_):
    prompts = prompts_of(path)
    write_sheet(Model(path), prompts, os.path.join(path, "contact-sheet.png"))
    if os.path.exists(before_gan(folder)):
        write_sheet(Model(before_gan(folder)), prompts, os.path.join(path, "before-gan.png"))
