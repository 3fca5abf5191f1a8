"""A small illustrated world: scenes as a few attributes, and the renderer that draws them.

A scene is (subject, colour, count, place, time, ground). What a caption leaves out takes its usual value (`USUAL_*`),
so that one caption has few pictures: a generator that looks once must not have to choose between many.
"""

import math
import random
from dataclasses import dataclass

import torch

from shapes import Brush, as_colour, capsule, circle, ellipse, union, without
from subjects import PAINTERS

SUBJECTS = tuple(PAINTERS)
COLOURS = {
    "red": (0.90, 0.16, 0.16), "orange": (1.00, 0.56, 0.10), "yellow": (1.00, 0.88, 0.18), "green": (0.18, 0.66, 0.28),
    "blue": (0.16, 0.38, 0.92), "purple": (0.56, 0.24, 0.78), "pink": (1.00, 0.52, 0.72), "white": (0.96, 0.96, 0.94)}
COUNTS = ("one", "two", "three")
PLACES = ("left", "middle", "right")
TIMES = ("morning", "noon", "sunset", "night")
GROUNDS = ("meadow", "sea", "desert", "snow", "hills")

FLYING = ("balloon", "bird", "butterfly")
SEAGOING = ("boat", "fish")
USUAL_COLOUR = {
    "house": "red", "boat": "red", "tree": "green", "balloon": "red", "car": "red", "lighthouse": "red", "flower": "pink",
    "bird": "blue", "fish": "orange", "mountain": "purple", "mushroom": "red", "butterfly": "orange"}
USUAL_TIME, USUAL_PLACE, USUAL_COUNT = "noon", "middle", "one"


def usual_ground(subject):
    if subject in SEAGOING or subject == "lighthouse":
        return "sea"
    return "hills" if subject == "mountain" else "meadow"


def possible_grounds(subject):
    if subject in SEAGOING:
        return ("sea",)
    return GROUNDS if subject in FLYING + ("lighthouse", "mountain") else tuple(g for g in GROUNDS if g != "sea")


@dataclass(frozen=True)
class Scene:
    subject: str
    colour: str
    count: str
    place: str
    time: str
    ground: str


def usual_scene(subject):
    return Scene(subject, USUAL_COLOUR[subject], USUAL_COUNT, USUAL_PLACE, USUAL_TIME, usual_ground(subject))


def sample_scene(rng: random.Random) -> Scene:
    subject = rng.choice(SUBJECTS)
    grounds = possible_grounds(subject)
    return Scene(
        subject,
        USUAL_COLOUR[subject] if rng.random() < 0.1 else rng.choice(list(COLOURS)),
        rng.choices(COUNTS, (5, 3, 2))[0],
        rng.choices(PLACES, (3, 4, 3))[0],
        rng.choice(TIMES),
        usual_ground(subject) if rng.random() < 0.3 else rng.choice(grounds))


# Top and bottom of the sky, what the light does to every colour below it.
SKY = {"morning": ((0.62, 0.80, 0.96), (1.00, 0.83, 0.76)), "noon": ((0.30, 0.62, 0.95), (0.78, 0.92, 1.00)),
       "sunset": ((0.52, 0.30, 0.56), (1.00, 0.62, 0.30)), "night": ((0.05, 0.07, 0.24), (0.18, 0.22, 0.48))}
LIGHT = {"morning": (1.0, 0.96, 0.93), "noon": (1.0, 1.0, 1.0), "sunset": (0.92, 0.76, 0.70), "night": (0.40, 0.44, 0.66)}
SUBJECT_LIGHT = {"morning": (1, 0.98, 0.96), "noon": (1, 1, 1), "sunset": (1, 0.93, 0.88), "night": (0.95, 0.95, 1.0)}
GROUND = {"meadow": (0.50, 0.76, 0.34), "sea": (0.16, 0.50, 0.74), "desert": (0.93, 0.78, 0.50),
          "snow": (0.93, 0.96, 1.00), "hills": (0.40, 0.68, 0.36)}

HORIZON = 0.40      # of the height, from below
STANDING = 0.16     # where a subject's foot is
FLOATING = 0.62     # where a flying subject's middle is
HALF_SIZE = {"one": 0.27, "two": 0.195, "three": 0.15}
SPREAD = {"one": (0.0,), "two": (-0.5, 0.5), "three": (-1.0, 0.0, 1.0)}
GAP = {"two": 0.42, "three": 0.315, "one": 0.0}
SHIFT = {"left": -1, "middle": 0, "right": 1}
ROOM = {"one": 0.23, "two": 0.065, "three": 0.03}   # how far a row can move aside
STARS = [(0.30, 0.92), (0.45, 0.80), (0.60, 0.93), (0.72, 0.78), (0.88, 0.90), (0.93, 0.68), (0.06, 0.72), (0.38, 0.66)]
# Base, height, frequency (half-waves a picture), shift and shade of every fold of the land, the farthest first.
WAVES = {
    "sea": [(level, 0.008, 7 - i, 2.0 * i, 1.05 - 0.09 * i) for i, level in enumerate((0.37, 0.30, 0.21, 0.10))],
    "hills": [(0.44, 0.085, 2.6, 0.4, 0.80), (0.33, 0.05, 2.2, 2.9, 1.0), (0.17, 0.03, 1.8, 5.0, 1.15)],
    "meadow": [(HORIZON, 0.012, 2.0, 1.0, 1.0), (0.22, 0.02, 1.6, 2.5, 1.1)],
    "desert": [(0.43, 0.04, 2.4, 3.4, 0.88), (0.30, 0.045, 1.9, 0.6, 1.0), (0.12, 0.03, 2.1, 4.2, 1.06)],
    "snow": [(0.41, 0.03, 2.2, 0.2, 0.88), (0.27, 0.04, 1.7, 2.2, 0.95), (0.12, 0.02, 2.3, 4.0, 1.0)]}
GRASS = [(0.1, 0.3), (0.3, 0.08), (0.52, 0.27), (0.7, 0.06), (0.9, 0.26), (0.12, 0.1), (0.92, 0.1)]


class Renderer:
    """Draws scenes, (n, 3, size, size) in 0..1, and where their subjects are, (n, 1, size, size)."""

    def __init__(self, size=128, device="cpu"):
        self.size, self.device = size, device
        ticks = (torch.arange(size, device=device) + 0.5) / size
        self.x, self.y = ticks.view(1, 1, -1), (1 - ticks).view(1, -1, 1)

    def __call__(self, scenes, seed):
        self.random = torch.Generator().manual_seed(seed)
        picture = torch.zeros(len(scenes), 3, self.size, self.size, device=self.device)
        mask = torch.zeros_like(picture[:, :1])

        def alike(part):
            """(value, where it is found), so that only what a scene has is drawn."""
            for value in sorted({getattr(s, part) for s in scenes}):
                yield value, [i for i, s in enumerate(scenes) if getattr(s, part) == value]

        for time, rows in alike("time"):
            picture[rows] = self.sky(time, len(rows))
        for ground, rows in alike("ground"):
            picture[rows] = self.ground(picture[rows], ground, self.per_scene([LIGHT[scenes[i].time] for i in rows]))
        centre, size = self.wobble(len(scenes), 0.02), 1 + self.wobble(len(scenes), 0.07)
        for slot in range(3):
            dx, dy = self.wobble(len(scenes), 0.008), self.wobble(len(scenes), 0.015)
            for name, rows in alike("subject"):
                rows = [i for i in rows if slot < len(SPREAD[scenes[i].count])]
                if rows:
                    chosen = [scenes[i] for i in rows]
                    rgb, alpha = self.subject(name, chosen, slot, (centre + dx)[rows], dy[rows], size[rows])
                    picture[rows] = picture[rows] * (1 - alpha) + rgb
                    mask[rows] = torch.maximum(mask[rows], alpha)
        return picture.clamp(0, 1), mask

    def wobble(self, count, amount):
        return ((torch.rand(count, 1, 1, generator=self.random) * 2 - 1) * amount).to(self.device)

    def per_scene(self, values):
        return torch.tensor(values, dtype=torch.float32, device=self.device)

    def brush(self, count):
        return Brush(self.x.expand(count, -1, -1), self.y, 1.0 / self.size)

    def sky(self, time, count):
        b = self.brush(count)
        x, y, dx, dy = b.x, b.y, self.wobble(count, 0.015), self.wobble(count, 0.012)
        top, bottom = (as_colour(colour, b.rgb) for colour in SKY[time])
        b.rgb = torch.lerp(bottom, top, ((y - HORIZON) / (1 - HORIZON)).clamp(0, 1).unsqueeze(1))
        if time == "morning":
            b.fill(circle(x, y, 0.18 + dx, 0.47 + dy, 0.15), (1.0, 0.95, 0.72), opacity=0.5)
            b.fill(circle(x, y, 0.18 + dx, 0.47 + dy, 0.10), (1.0, 0.94, 0.62))
        elif time == "noon":
            b.fill(circle(x, y, 0.86 + dx, 0.86 + dy, 0.125), (1.0, 0.95, 0.55), opacity=0.45)
            b.fill(circle(x, y, 0.86 + dx, 0.86 + dy, 0.085), (1.0, 0.90, 0.25))
        elif time == "sunset":
            b.fill(circle(x, y, 0.5 + dx, 0.45 + dy, 0.27), (1.0, 0.75, 0.35), opacity=0.5)
            b.fill(circle(x, y, 0.5 + dx, 0.45 + dy, 0.19), (1.0, 0.86, 0.36))
        else:
            shadow = circle(x, y, 0.20 + dx, 0.88 + dy, 0.085)
            b.fill(without(circle(x, y, 0.15 + dx, 0.85 + dy, 0.10), shadow), (1.0, 0.96, 0.75))
            for sx, sy in STARS:
                b.fill(circle(x, y, sx + dx, sy + dy, 0.011), (1.0, 0.98, 0.85))
        if time in ("morning", "noon"):
            for cx, cy, scale in ((0.20, 0.86, 1.0), (0.60, 0.92, 0.7)):
                cx, cy = cx + self.wobble(count, 0.02), cy + self.wobble(count, 0.01)
                puffs = (ellipse(x, y, cx + ox * scale, cy + oy * scale, r * scale, 0.75 * r * scale)
                         for ox, oy, r in ((-0.09, 0, 0.06), (0, 0.02, 0.085), (0.09, 0, 0.06)))
                b.fill(union(*puffs), (1.0, 0.93, 0.92) if time == "morning" else (1.0, 1.0, 1.0), opacity=0.9)
        return b.rgb

    def ground(self, picture, ground, light):
        b = self.brush(len(picture))
        b.rgb, x, y, phase = picture, b.x, b.y, self.wobble(len(picture), 0.3)
        colour = self.per_scene(GROUND[ground]) * light
        if ground == "sea":
            b.fill(y - HORIZON, (colour * 1.15).clamp(0, 1))
        for base, height, frequency, shift, shade in WAVES[ground]:
            b.fill(y - (base + height * (frequency * math.pi * x + shift + phase).sin()), (colour * shade).clamp(0, 1))
        if ground == "meadow":
            for gx, gy in GRASS:
                blades = union(capsule(x, y, gx - 0.012, gy + 0.03, gx, gy, 0.007),
                               capsule(x, y, gx + 0.014, gy + 0.035, gx, gy, 0.007))
                b.fill(blades, colour * 0.72)
        return b.rgb

    def subject(self, name, scenes, slot, dx, dy, size):
        half = self.per_scene([HALF_SIZE[s.count] for s in scenes]).view(-1, 1, 1) * size
        cx = [0.5 + SPREAD[s.count][slot] * GAP[s.count] + SHIFT[s.place] * ROOM[s.count] for s in scenes]
        cx = self.per_scene(cx).view(-1, 1, 1) + dx
        if name in FLYING:
            rise = self.per_scene([0.0 if s.count == "one" else 0.1 * (slot % 2) - 0.05 for s in scenes]).view(-1, 1, 1)
            cy = FLOATING + rise + dy
        else:
            cy = STANDING + half + dy * 0.5
        b = Brush((self.x - cx) / half, (self.y - cy) / half, 1.0 / self.size / half)
        PAINTERS[name](b, self.per_scene([COLOURS[s.colour] for s in scenes]))
        return b.rgb * as_colour(self.per_scene([SUBJECT_LIGHT[s.time] for s in scenes]), b.rgb), b.alpha


def describe():
    """What anyone needs to compose prompts: `world.json`."""
    return {"subjects": list(SUBJECTS), "colours": list(COLOURS), "counts": list(COUNTS), "places": list(PLACES),
            "times": list(TIMES), "grounds": list(GROUNDS),
            "grounds_of": {s: list(possible_grounds(s)) for s in SUBJECTS},
            "usual": {s: vars(usual_scene(s)) for s in SUBJECTS}}
