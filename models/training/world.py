"""A small illustrated world: scenes as a few attributes, and the renderer that draws them.

A scene is (subject, colour, count, place, time, ground). What a caption leaves out takes its usual value (`USUAL_*`),
so that one caption has few pictures: a generator that looks once must not have to choose between many.
"""

import math
import random
from dataclasses import dataclass

import torch

from shapes import Brush, as_colour, capsule, circle, ellipse, without
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


class Renderer:
    """Draws scenes, (n, 3, size, size) in 0..1, and where their subjects are, (n, 1, size, size)."""

    def __init__(self, size=128, device="cpu"):
        self.size, self.device = size, device
        ticks = (torch.arange(size, device=device) + 0.5) / size
        self.x, self.y = ticks.view(1, 1, -1), (1 - ticks).view(1, -1, 1)

    def __call__(self, scenes, seed):
        jitter = torch.Generator().manual_seed(seed)
        self.wobble = lambda amount: ((torch.rand(len(scenes), 1, 1, generator=jitter) * 2 - 1) * amount).to(self.device)
        x, y = (t.expand(len(scenes), self.size, self.size) for t in (self.x, self.y))
        sheet = Brush(x, y, 1.0 / self.size)
        self.sky(sheet, scenes)
        self.ground(sheet, scenes)
        picture, mask = sheet.rgb, torch.zeros_like(sheet.alpha)
        centre, size = self.wobble(0.02), 1 + self.wobble(0.07)
        for slot in range(3):
            dx, dy = self.wobble(0.008), self.wobble(0.015)
            for name, paint in PAINTERS.items():
                rows = [i for i, s in enumerate(scenes) if s.subject == name and slot < len(SPREAD[s.count])]
                if rows:
                    rgb, alpha = self.subject(paint, scenes, rows, slot, centre + dx, dy, size)
                    picture[rows] = picture[rows] * (1 - alpha) + rgb
                    mask[rows] = torch.maximum(mask[rows], alpha)
        return picture.clamp(0, 1), mask

    def per_scene(self, values, scenes):
        return torch.tensor([values(s) for s in scenes], dtype=torch.float32, device=self.device)

    def only(self, chosen, scenes, distance):
        """Pushes a shape out of sight where the scene has none."""
        keep = torch.tensor([bool(chosen(s)) for s in scenes], device=self.device).view(-1, 1, 1)
        return torch.where(keep, distance, torch.ones_like(distance))

    def sky(self, b, scenes):
        x, y = b.x, b.y
        top, bottom = (as_colour(self.per_scene(lambda s: SKY[s.time][i], scenes), b.rgb) for i in (0, 1))
        height = ((y - HORIZON) / (1 - HORIZON)).clamp(0, 1).unsqueeze(1)
        b.rgb, b.alpha = torch.lerp(bottom, top, height), torch.ones_like(b.alpha)
        dx, dy = self.wobble(0.015), self.wobble(0.012)

        def when(time, distance, colour, opacity=1.0):
            b.fill(self.only(lambda s: s.time == time, scenes, distance), colour, opacity=opacity)

        when("morning", circle(x, y, 0.18 + dx, 0.47 + dy, 0.15), (1.0, 0.95, 0.72), 0.5)
        when("morning", circle(x, y, 0.18 + dx, 0.47 + dy, 0.10), (1.0, 0.94, 0.62))
        when("noon", circle(x, y, 0.86 + dx, 0.86 + dy, 0.125), (1.0, 0.95, 0.55), 0.45)
        when("noon", circle(x, y, 0.86 + dx, 0.86 + dy, 0.085), (1.0, 0.90, 0.25))
        when("sunset", circle(x, y, 0.5 + dx, 0.45 + dy, 0.27), (1.0, 0.75, 0.35), 0.5)
        when("sunset", circle(x, y, 0.5 + dx, 0.45 + dy, 0.19), (1.0, 0.86, 0.36))
        moon = without(circle(x, y, 0.15 + dx, 0.85 + dy, 0.10), circle(x, y, 0.20 + dx, 0.88 + dy, 0.085))
        when("night", moon, (1.0, 0.96, 0.75))
        for sx, sy in STARS:
            when("night", circle(x, y, sx + dx, sy + dy, 0.011), (1.0, 0.98, 0.85))
        for cx, cy, scale in ((0.20, 0.86, 1.0), (0.60, 0.92, 0.7)):
            cx, cy = cx + self.wobble(0.02), cy + self.wobble(0.01)
            cloud = torch.stack([ellipse(x, y, cx + ox * scale, cy + oy * scale, r * scale, 0.75 * r * scale)
                                 for ox, oy, r in ((-0.09, 0, 0.06), (0, 0.02, 0.085), (0.09, 0, 0.06))]).amin(0)
            when("noon", cloud, (1.0, 1.0, 1.0), 0.9)
            when("morning", cloud, (1.0, 0.93, 0.92), 0.9)

    def ground(self, b, scenes):
        x, y = b.x, b.y
        light = self.per_scene(lambda s: LIGHT[s.time], scenes)
        phase = self.wobble(0.3)

        def where(grounds, distance, shade, opacity=1.0):
            colour = self.per_scene(lambda s: GROUND[s.ground], scenes) * light * shade
            b.fill(self.only(lambda s: s.ground in grounds, scenes, distance), colour.clamp(0, 1), opacity=opacity)

        def wave(base, height, frequency, shift):
            return y - (base + height * (frequency * math.pi * x + shift + phase).sin())

        where(("sea",), y - HORIZON, 1.15)
        for i, level in enumerate((0.37, 0.30, 0.21, 0.10)):
            where(("sea",), wave(level, 0.008, 7 - i, 2.0 * i), 1.05 - 0.09 * i)
        where(("hills",), wave(0.44, 0.085, 2.6, 0.4), 0.80)
        where(("hills",), wave(0.33, 0.05, 2.2, 2.9), 1.0)
        where(("hills",), wave(0.17, 0.03, 1.8, 5.0), 1.15)
        where(("meadow",), wave(HORIZON, 0.012, 2.0, 1.0), 1.0)
        where(("meadow",), wave(0.22, 0.02, 1.6, 2.5), 1.1)
        for gx, gy in ((0.1, 0.3), (0.3, 0.08), (0.52, 0.27), (0.7, 0.06), (0.9, 0.26), (0.12, 0.1), (0.92, 0.1)):
            blade = capsule(x, y, gx - 0.012, gy + 0.03, gx, gy, 0.007)
            where(("meadow",), torch.minimum(blade, capsule(x, y, gx + 0.014, gy + 0.035, gx, gy, 0.007)), 0.72)
        where(("desert",), wave(0.43, 0.04, 2.4, 3.4), 0.88)
        where(("desert",), wave(0.30, 0.045, 1.9, 0.6), 1.0)
        where(("desert",), wave(0.12, 0.03, 2.1, 4.2), 1.06)
        where(("snow",), wave(0.41, 0.03, 2.2, 0.2), 0.88)
        where(("snow",), wave(0.27, 0.04, 1.7, 2.2), 0.95)
        where(("snow",), wave(0.12, 0.02, 2.3, 4.0), 1.0)

    def subject(self, paint, scenes, rows, slot, dx, dy, size):
        chosen = [scenes[i] for i in rows]
        half = self.per_scene(lambda s: HALF_SIZE[s.count], chosen).view(-1, 1, 1) * size[rows]
        cx = self.per_scene(lambda s: 0.5 + SPREAD[s.count][slot] * GAP[s.count] + SHIFT[s.place] * ROOM[s.count], chosen)
        cx = cx.view(-1, 1, 1) + dx[rows]
        if chosen[0].subject in FLYING:
            rise = self.per_scene(lambda s: 0.05 * (slot % 2 * 2 - 1) * (s.count != "one"), chosen).view(-1, 1, 1)
            cy = FLOATING + rise + dy[rows]
        else:
            cy = STANDING + half + dy[rows] * 0.5
        sheet = Brush((self.x - cx) / half, (self.y - cy) / half, 1.0 / self.size / half)
        paint(sheet, self.per_scene(lambda s: COLOURS[s.colour], chosen))
        light = as_colour(self.per_scene(lambda s: SUBJECT_LIGHT[s.time], chosen), sheet.rgb)
        return sheet.rgb * light, sheet.alpha


def describe():
    """What anyone needs to compose prompts: `world.json`."""
    return {"subjects": list(SUBJECTS), "colours": list(COLOURS), "counts": list(COUNTS), "places": list(PLACES),
            "times": list(TIMES), "grounds": list(GROUNDS),
            "grounds_of": {s: list(possible_grounds(s)) for s in SUBJECTS},
            "usual": {s: vars(usual_scene(s)) for s in SUBJECTS}}
