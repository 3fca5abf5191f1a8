"""Draws scenes with signed distances: sky, land, weather and what stands in them. Anti-aliased, batched, CPU and GPU."""

import math

import torch

from shapes import Brush, as_colour, box, capsule, circle, ellipse, union, without
from subjects import PAINTERS
from world import COLOURS, FLYING, SEAGOING

# Top and bottom of the sky, and what the light does to the land and to whoever stands on it.
SKY = {"dawn": ((0.56, 0.76, 0.96), (1.00, 0.82, 0.76)), "noon": ((0.26, 0.60, 0.96), (0.78, 0.92, 1.00)),
       "sunset": ((0.50, 0.26, 0.55), (1.00, 0.60, 0.28)), "night": ((0.05, 0.07, 0.24), (0.18, 0.22, 0.48)),
       "stars": ((0.04, 0.05, 0.20), (0.22, 0.16, 0.42))}
LIGHT = {"dawn": (1.0, 0.95, 0.92), "noon": (1.0, 1.0, 1.0), "sunset": (0.92, 0.75, 0.68), "night": (0.40, 0.44, 0.66),
         "stars": (0.36, 0.36, 0.60)}
SUBJECT_LIGHT = {"dawn": (1, 0.98, 0.96), "noon": (1, 1, 1), "sunset": (1, 0.93, 0.88), "night": (0.94, 0.94, 1.0),
                 "stars": (0.92, 0.92, 1.0)}
BRIGHTNESS = {"dawn": 0.95, "noon": 1.0, "sunset": 0.75, "night": 0.36, "stars": 0.32}
GROUND = {"meadow": (0.50, 0.76, 0.34), "sea": (0.16, 0.50, 0.74), "desert": (0.94, 0.78, 0.48),
          "snow": (0.93, 0.96, 1.00), "hills": (0.38, 0.66, 0.36), "city": (0.62, 0.62, 0.66)}
OVERCAST = {"clear": 0.0, "rain": 0.55, "snowfall": 0.35, "fog": 0.35}     # how much of the sky is grey

HORIZON = 0.40      # of the height, from below
STANDING = 0.15     # where a subject's foot is
FLOATING = 0.62     # where a flying subject's middle is
HALF_SIZE = {"one": 0.27, "two": 0.195, "three": 0.15}
SIZE = {"small": 0.66, "usual": 1.0, "big": 1.25}
SPREAD = {"one": (0.0,), "two": (-0.5, 0.5), "three": (-1.0, 0.0, 1.0)}
GAP = {"two": 0.42, "three": 0.315, "one": 0.0}
SHIFT = {"left": -1, "middle": 0, "right": 1}
ROOM = {"one": 0.23, "two": 0.08, "three": 0.0}     # how far a row can move aside
# Where two stand: (x, y, half size) of the subject and of the other; y is None where its foot is on the ground.
PAIR = {"left of": ((0.27, None, 0.20), (0.73, None, 0.20)), "right of": ((0.73, None, 0.20), (0.27, None, 0.20)),
        "above": ((0.5, 0.78, 0.17), (0.5, None, 0.22)), "behind": ((0.60, 0.58, 0.27), (0.38, None, 0.19))}

STARS = [(0.30, 0.92), (0.45, 0.80), (0.60, 0.93), (0.72, 0.78), (0.88, 0.90), (0.93, 0.68), (0.06, 0.72), (0.38, 0.66)]
MORE_STARS = [(0.10, 0.92), (0.20, 0.80), (0.53, 0.70), (0.80, 0.62), (0.66, 0.60), (0.18, 0.60), (0.97, 0.80), (0.50, 0.92)]
CLOUDS = ((0.20, 0.86, 1.0), (0.60, 0.92, 0.7))
# Base, height, frequency (half-waves a picture), shift and shade of every fold of the land, the farthest first.
WAVES = {
    "sea": [(level, 0.008, 7 - i, 2.0 * i, 1.05 - 0.09 * i) for i, level in enumerate((0.37, 0.30, 0.21, 0.10))],
    "hills": [(0.44, 0.085, 2.6, 0.4, 0.80), (0.33, 0.05, 2.2, 2.9, 1.0), (0.17, 0.03, 1.8, 5.0, 1.15)],
    "meadow": [(HORIZON, 0.012, 2.0, 1.0, 1.0), (0.22, 0.02, 1.6, 2.5, 1.1)],
    "desert": [(0.43, 0.04, 2.4, 3.4, 0.88), (0.30, 0.045, 1.9, 0.6, 1.0), (0.12, 0.03, 2.1, 4.2, 1.06)],
    "snow": [(0.41, 0.03, 2.2, 0.2, 0.88), (0.27, 0.04, 1.7, 2.2, 0.95), (0.12, 0.02, 2.3, 4.0, 1.0)],
    "city": [(0.30, 0.0, 1.0, 0.0, 1.0)]}
GRASS = [(0.1, 0.3), (0.3, 0.08), (0.52, 0.27), (0.7, 0.06), (0.9, 0.26), (0.12, 0.1), (0.92, 0.1)]
# Middle, half width and height of the city's houses.
SKYLINE = [(0.05, 0.08, 0.56), (0.20, 0.06, 0.48), (0.33, 0.07, 0.62), (0.47, 0.06, 0.50), (0.60, 0.06, 0.58),
           (0.74, 0.07, 0.47), (0.86, 0.05, 0.64), (0.97, 0.06, 0.52)]
DROPS = [((i * 0.618 + 0.05) % 1.0, (i + 0.5) / 22) for i in range(22)]
# All that chance decides, a normal number each: how two pictures of the same scene differ.
CHANCES = (
    "sky x", "sky y", "sky size", "land x", "land y", "air x", "air y", "row x", "size",
    *(f"cloud {i} {what}" for i in range(len(CLOUDS)) for what in ("x", "y", "size")),
    *(f"subject {slot} {axis}" for slot in range(3) for axis in "xy"), "other x", "other y",
    *(f"roof {i}" for i in range(len(SKYLINE))))


def draw_chances(count, seed):
    return torch.randn(count, len(CHANCES), generator=torch.Generator().manual_seed(seed))


class Renderer:
    """Draws scenes and their chances (n, CHANCES): pictures (n, 3, size, size) in 0..1, and where their subjects are."""

    def __init__(self, size=128, device="cpu"):
        self.size, self.device = size, device
        ticks = (torch.arange(size, device=device) + 0.5) / size
        self.x, self.y = ticks.view(1, 1, -1), (1 - ticks).view(1, -1, 1)

    def __call__(self, scenes, chances):
        self.offsets = torch.erf(chances.to(self.device) * 0.5 ** 0.5)      # uniform in -1..1
        count = len(scenes)
        picture = torch.zeros(count, 3, self.size, self.size, device=self.device)
        mask = torch.zeros_like(picture[:, :1])

        def alike(part):
            """(value, where it is found), so that only what a scene has is drawn."""
            for value in sorted({getattr(s, part) for s in scenes}):
                yield value, [i for i, s in enumerate(scenes) if getattr(s, part) == value]

        self.grey = [tuple(BRIGHTNESS[s.time] * c for c in (0.66, 0.70, 0.76)) for s in scenes]
        for time, rows in alike("time"):
            picture[rows] = self.sky(time, [scenes[i] for i in rows], rows)
        for ground, rows in alike("ground"):
            picture[rows] = self.ground(picture[rows], ground, [scenes[i] for i in rows], rows)
        for weather, rows in alike("weather"):
            picture[rows] = self.distance(picture[rows], weather, rows)

        def paint(who, name, rows, places, colours):
            chosen = [scenes[i] for i in rows]
            freedom = self.per_scene([0.05 if s.count == "one" else 0.025 for s in chosen]).view(-1, 1, 1)
            dx = self.wobble("row x", rows, freedom) + self.wobble(f"{who} x", rows, 0.01)
            dy, size = self.wobble(f"{who} y", rows, 0.02), 1 + self.wobble("size", rows, 0.10)
            rgb, alpha, shadow = self.subject(name, chosen, places, colours, dx, dy, size)
            picture[rows] = picture[rows] * (1 - shadow)
            picture[rows] = picture[rows] * (1 - alpha) + rgb
            mask[rows] = torch.maximum(mask[rows], alpha)

        def paint_others(in_front):
            for name, rows in alike("other"):
                rows = [i for i in rows if name in PAINTERS and (scenes[i].relation == "behind") == in_front]
                if rows:
                    paint("other", name, rows, [PAIR[scenes[i].relation][1] for i in rows], [scenes[i].other_colour for i in rows])

        paint_others(in_front=False)
        for slot in range(3):
            for name, rows in alike("subject"):
                rows = [i for i in rows if slot < len(SPREAD[scenes[i].count])]
                if rows:
                    paint(f"subject {slot}", name, rows, [place_of(scenes[i], slot) for i in rows], [scenes[i].colour for i in rows])
        paint_others(in_front=True)
        for weather, rows in alike("weather"):
            picture[rows] = self.air(picture[rows], weather, rows)
        return picture.clamp(0, 1), mask

    def wobble(self, chance, rows, amount):
        return self.offsets[rows, CHANCES.index(chance)].view(-1, 1, 1) * amount

    def per_scene(self, values):
        return torch.tensor(values, dtype=torch.float32, device=self.device)

    def brush(self, count):
        return Brush(self.x.expand(count, -1, -1), self.y, 1.0 / self.size)

    def sky(self, time, scenes, rows):
        count = len(scenes)
        b = self.brush(count)
        x, y, dx, dy = b.x, b.y, self.wobble("sky x", rows, 0.06), self.wobble("sky y", rows, 0.03)
        wide = 1 + self.wobble("sky size", rows, 0.15)
        # A sun or a moon that was asked for is the only one.
        own = self.per_scene([not {s.subject, s.other} & {"sun", "moon"} for s in scenes]).view(-1, 1, 1)
        top, bottom = (as_colour(colour, b.rgb) for colour in SKY[time])
        b.rgb = torch.lerp(bottom, top, ((y - HORIZON) / (1 - HORIZON)).clamp(0, 1).unsqueeze(1))
        if time == "dawn":
            b.fill(circle(x, y, 0.18 + dx, 0.47 + dy, 0.15 * wide), (1.0, 0.95, 0.72), opacity=0.5 * own)
            b.fill(circle(x, y, 0.18 + dx, 0.47 + dy, 0.10 * wide), (1.0, 0.94, 0.62), opacity=own)
        elif time == "noon":
            b.fill(circle(x, y, 0.86 + dx, 0.86 + dy, 0.125 * wide), (1.0, 0.95, 0.55), opacity=0.45 * own)
            b.fill(circle(x, y, 0.86 + dx, 0.86 + dy, 0.085 * wide), (1.0, 0.90, 0.25), opacity=own)
        elif time == "sunset":
            b.fill(circle(x, y, 0.5 + dx, 0.45 + dy, 0.27 * wide), (1.0, 0.75, 0.35), opacity=0.5 * own)
            b.fill(circle(x, y, 0.5 + dx, 0.45 + dy, 0.19 * wide), (1.0, 0.86, 0.36), opacity=own)
        elif time == "night":
            shadow = circle(x, y, 0.20 + dx, 0.88 + dy, 0.085)
            b.fill(without(circle(x, y, 0.15 + dx, 0.85 + dy, 0.10), shadow), (1.0, 0.96, 0.75), opacity=own)
        for i, (sx, sy) in enumerate({"night": STARS[1::2], "stars": STARS + MORE_STARS}.get(time, ())):
            b.fill(circle(x, y, sx, sy, 0.011 if time == "night" or i % 3 else 0.017), (1.0, 0.98, 0.85))
        if time in ("dawn", "noon"):
            for i, (cx, cy, scale) in enumerate(CLOUDS):
                cx, cy = cx + self.wobble(f"cloud {i} x", rows, 0.12), cy + self.wobble(f"cloud {i} y", rows, 0.03)
                scale = scale * (1 + self.wobble(f"cloud {i} size", rows, 0.25))
                puffs = (ellipse((x - cx) / scale, (y - cy) / scale, ox, oy, r, 0.75 * r) * scale
                         for ox, oy, r in ((-0.09, 0, 0.06), (0, 0.02, 0.085), (0.09, 0, 0.06)))
                b.fill(union(*puffs), (1.0, 0.93, 0.92) if time == "dawn" else (1.0, 1.0, 1.0), opacity=0.9)
        return b.rgb

    def ground(self, picture, ground, scenes, rows):
        b = self.brush(len(picture))
        b.rgb, x, y, phase = picture, b.x, b.y, self.wobble("land x", rows, 0.8)
        rise = self.wobble("land y", rows, 0.0 if ground in ("sea", "city") else 0.025)
        colour = self.per_scene(GROUND[ground]) * self.per_scene([LIGHT[s.time] for s in scenes])
        if ground == "sea":
            b.fill(y - HORIZON, (colour * 1.15).clamp(0, 1))
        if ground == "city":
            self.skyline(b, colour, rows, [s.time in ("night", "stars", "sunset") for s in scenes])
        for base, height, frequency, shift, shade in WAVES[ground]:
            b.fill(y - (base + rise + height * (frequency * math.pi * x + shift + phase).sin()), (colour * shade).clamp(0, 1))
        if ground == "meadow":
            for gx, gy in GRASS:
                blades = union(capsule(x, y, gx - 0.012, gy + 0.03, gx, gy, 0.007),
                               capsule(x, y, gx + 0.014, gy + 0.035, gx, gy, 0.007))
                b.fill(blades, colour * 0.72)
        if ground == "city":
            b.fill(box(x, y, 0.5, 0.305, 1, 0.012), (colour * 0.75).clamp(0, 1))
            for i in range(5):
                b.fill(box(x, y, 0.1 + 0.2 * i + 0.2 * phase, 0.07, 0.05, 0.009), (colour * 1.45).clamp(0, 1))
        return b.rgb

    def skyline(self, b, colour, rows, lit):
        x, y = b.x, b.y
        window = torch.where(self.per_scene(lit).view(-1, 1) > 0, self.per_scene((1.0, 0.86, 0.45)), colour * 1.25)
        for i, (cx, half, top) in enumerate(SKYLINE):
            top = top + self.wobble(f"roof {i}", rows, 0.04)
            tint = self.per_scene(((0.78, 0.74, 0.86), (0.86, 0.74, 0.70), (0.70, 0.78, 0.86))[i % 3])
            b.fill(box(x, y, cx, top - 0.3, half, 0.3), colour * tint)
            for row in range(2):
                for side in (-0.5, 0.5):
                    b.fill(box(x, y, cx + side * half, top - 0.05 - 0.075 * row, 0.016, 0.02), window.clamp(0, 1))

    def distance(self, picture, weather, rows):
        """What the weather does to all that is far."""
        grey = self.per_scene([self.grey[i] for i in rows])[:, :, None, None]
        cover = OVERCAST[weather] * ((self.y - 0.3) / 0.2).clamp(0, 1)
        if weather == "fog":
            cover = cover + 0.5 * torch.exp(-((self.y - 0.40) / 0.14).square())
        return torch.lerp(picture, (grey * 1.2).clamp(0, 1), cover.unsqueeze(1).clamp(0, 1))

    def air(self, picture, weather, rows):
        """What falls or floats before everything. Stars and drops keep their places: one look blurs small dots away."""
        b = self.brush(len(rows))
        b.rgb, x, y = picture, b.x, b.y
        light = self.per_scene([[min(1.0, 0.45 + 1.0 * c) for c in self.grey[i]] for i in rows])
        dx, dy = self.wobble("air x", rows, 0.06), self.wobble("air y", rows, 0.02)
        if weather == "rain":
            for cx, cy in DROPS:
                b.fill(capsule(x, y, cx + 0.012, cy + 0.035, cx - 0.008, cy - 0.03, 0.006), light, opacity=0.75)
        elif weather == "snowfall":
            for i, (cx, cy) in enumerate(DROPS):
                b.fill(circle(x, y, cx, cy, 0.012 + 0.004 * (i % 3)), (1.0, 1.0, 1.0), opacity=0.95)
        elif weather == "fog":
            b.fill(y - 0.06 - dy - 0.14 * (1 + (3 * x + 40 * dx).sin() * 0.3), light, opacity=0.35)
        return b.rgb

    def subject(self, name, scenes, places, colours, dx, dy, size):
        """Premultiplied colour, cover, and the darkness of the shadow on the ground."""
        cx, cy, half = (self.per_scene([float("nan") if p[i] is None else p[i] for p in places]).view(-1, 1, 1) for i in range(3))
        half, cx = half * size, cx + dx
        on_ground = cy.isnan()
        foot = STANDING - 0.05 * self.per_scene([s.relation == "behind" for s in scenes]).view(-1, 1, 1)
        cy = torch.where(on_ground, foot + half + dy * 0.5, cy + dy)
        b = Brush((self.x - cx) / half, (self.y - cy) / half, 1.0 / self.size / half)
        PAINTERS[name](b, self.per_scene([COLOURS[c] for c in colours]))
        light = as_colour(self.per_scene([SUBJECT_LIGHT[s.time] for s in scenes]), b.rgb)
        depth = 1.0 - (ellipse(b.x, b.y, 0.05, -1.0, 0.95, 0.14) / 0.14 + 1).clamp(0, 1)
        casts = on_ground if name not in SEAGOING else torch.zeros_like(on_ground)
        return b.rgb * light, b.alpha, (0.45 * depth.clamp(0, 1) * casts).unsqueeze(1)


def place_of(scene, slot):
    """(x, y or None for standing, half size) of the subject's copy in a slot."""
    if scene.relation != "alone":
        (x, y, half), flies = PAIR[scene.relation][0], scene.subject in FLYING
        return (x, FLOATING if flies and y is None else y, half)
    half = HALF_SIZE[scene.count] * SIZE[scene.size]
    room = min(ROOM[scene.count], 0.5 - half - 0.03) if scene.count == "one" else ROOM[scene.count]
    x = 0.5 + SPREAD[scene.count][slot] * GAP[scene.count] + SHIFT[scene.place] * room
    rise = 0.0 if scene.count == "one" else 0.1 * (slot % 2) - 0.05
    return (x, FLOATING + rise if scene.subject in FLYING else None, half)
