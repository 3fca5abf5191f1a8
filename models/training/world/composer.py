"""From a scene and its chances to a picture: scenery, then the subjects with their shadows, in the scene's light.

All that a scene does not say comes from `CHANCES` independent normal numbers: the first of them for the scenery, then some
for every subject, so that coupled noise (`coupling.py`) can say them.
"""

import math

import numpy as np
from PIL import Image

from world import scenery
from world.subjects import SUBJECTS

OWN = 14            # chances of the scenery
EACH = 6            # of each of up to five things: across, up, size, mirror, tilt, spare
CHANCES = OWN + 5 * EACH
MIRROR = 3          # of each one's chances
TILT = 8.0          # degrees
BESIDE = 0.90       # of the picture's width, for all of a row
HORIZON, HORIZONS = 0.66, {"underwater": 0.82, "space": 1.0}     # that things are placed by, whichever is painted

# What nothing hangs on: the mirrors and spares of all but the first thing, and all of a fifth.
IDLE = [OWN + k * EACH + j for k in (1, 2, 3) for j in (MIRROR, 5)] + list(range(OWN + 4 * EACH, CHANCES))
ORDER = [i for i in range(CHANCES) if i not in IDLE] + IDLE


def uniform(chances):
    return [0.5 * (1 + math.erf(c / math.sqrt(2))) for c in chances]


class Thing:
    """One sprite with its place: middle of its foot, and the larger of its width and height, as shares of the picture."""

    def __init__(self, noun, colour, x, foot, extent, u, floats=False):
        self.noun, self.colour, self.x, self.foot, self.extent, self.floats = noun, colour, x, foot, extent, floats
        self.mirrored, self.tilt = u[MIRROR] < 0.5, TILT * max(-1.0, min(1.0, 2.4 * (u[4] - 0.5)))

    def size(self, sprite):
        scale = self.extent / max(sprite.width, sprite.height)
        return sprite.width * scale, sprite.height * scale


def fitted(x, width):
    """So that it stays in the picture."""
    half = min(0.5, width / 2 + 0.01)
    return min(max(x, half), 1 - half)


def spread(low, high, u):
    return low + (high - low) * u


def layout(scene, sprites, u):
    """The things of a scene, the farthest first. Small ranges: a network hears a chance to a tenth of its spread."""
    horizon = HORIZONS.get(scene.ground, HORIZON)
    each = [u[OWN + k * EACH:OWN + (k + 1) * EACH] for k in range(5)]
    each = [own[:MIRROR] + [each[0][MIRROR]] + own[MIRROR + 1:] for own in each]        # all look the same way
    if scene.relation != "alone":
        return layout_pair(scene, sprites, horizon, each)
    subject, sprite, count = SUBJECTS[scene.subject], sprites[scene.subject], scene.count
    bearing = subject.bearing
    things = []
    if scene.is_sticker:
        low, high = {1: (0.66, 0.80), 2: (0.40, 0.45), 3: (0.34, 0.40), 4: (0.38, 0.43)}[count]
        places = {1: ((0.5, 0.5),), 2: ((0.26, 0.5), (0.74, 0.5)),
                  3: ((0.27, 0.70), (0.5, 0.28), (0.73, 0.70)) if each[0][5] < 0.5 else ((0.18, 0.5), (0.5, 0.5), (0.82, 0.5)),
                  4: ((0.27, 0.27), (0.73, 0.27), (0.27, 0.74), (0.73, 0.74))}[count]
        extent = spread(low, high, each[0][2])
        if count == 3 and places[0][0] < 0.2:
            extent = min(extent, 0.30)
        for k, (x, y) in enumerate(places):
            thing = Thing(scene.subject, scene.colour, 0, 0, extent, each[k], True)
            width, height = thing.size(sprite)
            free = 0.05 if count == 1 else 0.015
            thing.x, thing.foot = fitted(x + spread(-free, free, each[k][0]), width), y + spread(-free, free, each[k][1]) * 0.7 + height / 2
            things.append(thing)
        return things
    low, high = {1: {"small": (0.21, 0.27), "any": (0.40, 0.52), "big": (0.62, 0.72)}[scene.size], 2: (0.36, 0.42),
                 3: (0.27, 0.31), 4: (0.21, 0.25)}[count]
    extent = spread(low, high, each[0][2])
    aloft = scene.ground == "space" or bearing in ("flies", "sky") or (scene.ground == "underwater" and bearing == "swims")
    centre = {"left": (0.20, 0.28), "any": (0.36, 0.64), "right": (0.72, 0.80)}[scene.place]
    for k in range(count):
        x = spread(*centre, each[0][0]) if count == 1 else (k + 0.5) / count * 0.92 + 0.04 + spread(-0.015, 0.015, each[k][0])
        thing = Thing(scene.subject, scene.colour, 0, 0, extent, each[k])
        if count > 1:       # side by side, so that they can be counted
            thing.extent *= min(1.0, BESIDE / count / thing.size(sprite)[0])
        width, height = thing.size(sprite)
        thing.x = fitted(x, width)
        if aloft:
            in_the_sky = bearing in ("flies", "sky") and scene.ground != "space"
            middle = spread(*((0.24, 0.36) if in_the_sky else (0.42, 0.56)), each[k][1])
            thing.foot, thing.floats = max(middle + height / 2, height + 0.02), True
        else:
            thing.foot = spread(horizon + 0.40 * (1 - horizon), horizon + 0.72 * (1 - horizon), each[k][1])
            thing.foot = min(max(thing.foot, height + 0.03), 0.97)
        things.append(thing)
    return sorted(things, key=lambda thing: thing.foot)


def layout_pair(scene, sprites, horizon, each):
    a, b = each[0], each[1]
    relation = scene.relation
    one, other = sprites[scene.subject], sprites[scene.other]
    def thing(noun, colour, x, foot, extent, u, floats=False):
        made = Thing(noun, colour, x, foot, extent, u, floats)
        made.x = fitted(made.x, made.size(sprites[noun])[0])
        return made
    weightless = scene.ground == "space"
    ground = spread(horizon + 0.5 * (1 - horizon), horizon + 0.8 * (1 - horizon), b[1]) if not weightless else spread(0.66, 0.76, b[1])
    ground = min(ground, 0.96)
    if relation in ("left of", "right of"):
        middle = spread(0.48, 0.52, a[0])
        side = -1 if relation == "left of" else 1
        size = spread(0.38, 0.43, a[2])
        def beside(noun, colour, sign, u):
            aloft = SUBJECTS[noun].bearing in ("flies", "sky") and not weightless
            made = thing(noun, colour, middle + sign * spread(0.22, 0.24, u[0]), 0, size * spread(0.97, 1.03, u[2]), u, aloft or weightless)
            height = made.size(sprites[noun])[1]
            if aloft:
                made.foot = spread(0.28, 0.38, u[1]) + height / 2
            else:
                made.foot = min(0.97, max(height + 0.03, ground + spread(-0.03, 0.03, u[1])))
            return made
        return [beside(scene.subject, scene.colour, side, a), beside(scene.other, scene.other_colour, -side, b)]
    x = spread(0.42, 0.58, b[0])
    if relation == "behind":
        aside = x + (0.21 if a[0] < 0.5 else -0.21) + spread(-0.01, 0.01, a[0] * 2 % 1)
        back = thing(scene.subject, scene.colour, aside, ground - 0.07, spread(0.50, 0.58, a[2]), a, weightless)
        front = thing(scene.other, scene.other_colour, x, min(0.97, ground + 0.08), spread(0.33, 0.38, b[2]), b, weightless)
        back.foot = max(back.foot, back.size(one)[1] + 0.02)
        return [back, front]
    lower = thing(scene.other, scene.other_colour, x, max(ground, 0.86), spread(0.38, 0.45, b[2]), b, weightless)
    lower.tilt = lower.tilt * 0.4
    width, height = lower.size(other)
    if relation == "on":
        upper = thing(scene.subject, scene.colour, 0, 0, spread(0.31, 0.37, a[2]), a, True)
        upper.tilt *= 0.4
        upper.x = fitted(lower.x + spread(-0.015, 0.015, a[0]), upper.size(one)[0])
        upper.foot = lower.foot - height * 0.90
    else:
        upper = thing(scene.subject, scene.colour, x + spread(-0.05, 0.05, a[0]), 0, spread(0.31, 0.36, a[2]), a, True)
        upper.foot = lower.foot - height - spread(0.03, 0.06, a[1])
    short = upper.size(one)[1] + 0.02 - upper.foot
    if short > 0:
        fits = min(1.0, (upper.size(one)[1] - short) / upper.size(one)[1])
        upper.extent *= max(0.5, fits)
        upper.foot = max(upper.foot, upper.size(one)[1] + 0.01)
    return [lower, upper]


def paste(picture, mask, thing, sprite, size, multiply, add, sunk=None, towards=0.5):
    """Draws a thing over the picture, and adds where it is to the mask."""
    width, height = (v * size for v in thing.size(sprite))
    scale = sprite.width / width
    halves, level = sprite.halves(thing.colour or None), 0
    while scale / 2 ** level > 1.7 and level + 1 < len(halves):
        level += 1
    source = halves[level]
    step = scale / 2 ** level
    angle = math.radians(thing.tilt)
    cos, sin = math.cos(angle) * step, math.sin(angle) * step
    flip = -1 if thing.mirrored else 1
    cx, cy = thing.x * size, thing.foot * size - height / 2
    reach = math.hypot(width, height) / 2 + 4
    left, top = max(0, int(cx - reach)), max(0, int(cy - reach))
    right, bottom = min(size, int(cx + reach) + 1), min(size, int(cy + reach) + 1)
    if right <= left or bottom <= top:
        return
    ox, oy = left - cx, top - cy
    done = source.transform((right - left, bottom - top), Image.AFFINE, (
        flip * cos, flip * sin, source.width / 2 + flip * (cos * ox + sin * oy), -sin, cos, source.height / 2 - sin * ox + cos * oy),
        Image.BICUBIC)
    done = np.asarray(done, np.float32) / 255
    alpha = done[..., 3:]
    if sunk is not None:
        rows = (np.arange(top, bottom, dtype=np.float32) + 0.5)[:, None, None]
        fade = np.clip((sunk * size - rows) / (0.02 * size) + 0.5, 0.12, 1)
        done, alpha = done * fade, alpha * fade
    across = (np.arange(left, right, dtype=np.float32) - cx)[None, :, None] / max(width, 1)
    colour = done[..., :3] * (multiply * (1 + 0.16 * across * (2 * towards - 1))) + alpha * add
    window = picture[top:bottom, left:right]
    window *= 1 - alpha
    window += np.minimum(colour, alpha)
    np.maximum(mask[top:bottom, left:right], alpha[..., 0], out=mask[top:bottom, left:right])


def as_told(chances):
    """Of (..., CHANCES), as noise tells them: what decides most comes first, where it is best heard."""
    return chances[..., ORDER]


def first_of(scene):
    """Of two things the first; of two side by side, the one on the left."""
    return scene.other if scene.relation == "right of" else scene.subject


def portrait(noun, colour, size, room, sprites):
    """A thing alone on white in the middle of a square picture, as large as there is room for, and where it is: (size, size, 4)."""
    picture, mask = np.ones((size, size, 3), np.float32), np.zeros((size, size), np.float32)
    thing = Thing(noun, colour, 0.5, 0.5, room / size, [0.5] * EACH, True)
    thing.foot += thing.size(sprites[noun])[1] / 2
    paste(picture, mask, thing, sprites[noun], size, 1.0, 0.0)
    return (np.clip(np.dstack([picture, mask]), 0, 1) * 255 + 0.5).astype(np.uint8)


def whereabouts(scene, chances, side, sprites):
    """Of every cell of a grid (side, side), the part of a thing's picture that is there: (3, side, side) as across and up it, -1 to 1,
    and whether it is not of `first_of`'s kind; zeros where there is none. Of two things there, the nearer one that covers it."""
    u, first = uniform(chances), first_of(scene)
    found, covered = np.zeros((3, side, side), np.float32), np.zeros((side, side), bool)
    middles = (np.arange(side, dtype=np.float32) + 0.5) / side
    for thing in layout(scene, sprites, u):
        width, height = thing.size(sprites[thing.noun])
        angle, flip = math.radians(thing.tilt), -1 if thing.mirrored else 1
        x, y = middles[None, :] - thing.x, middles[:, None] - (thing.foot - height / 2)
        across, up = flip * (math.cos(angle) * x + math.sin(angle) * y), math.cos(angle) * y - math.sin(angle) * x
        there = (abs(across) < width / 2) & (abs(up) < height / 2)
        covers = there & (sprites[thing.noun].alpha_at(across / width + 0.5, up / height + 0.5) > 0.5)
        there &= covers | ~covered
        covered |= covers
        half = max(width, height) / 2
        found[:, there] = np.stack([across / half, up / half, np.full_like(across, thing.noun != first)])[:, there]
    return found


def shade(picture, size, x, y, across, down, dark):
    """A soft ellipse of shadow."""
    gx, gy = scenery.grid(size)
    top, bottom = max(0, int((y - 2.2 * down) * size)), min(size, int((y + 2.2 * down) * size) + 1)
    if bottom <= top:
        return
    distance = ((gx[top:bottom] - x) / across) ** 2 + ((gy[top:bottom] - y) / down) ** 2
    picture[top:bottom] *= 1 - dark * np.exp(-1.4 * distance ** 1.5)[..., None]


def render(scene, chances, size, sprites):
    """The picture as (size, size, 3) and where its subjects are as (size, size), both 8-bit."""
    u = uniform(chances)
    picture, horizon, (multiply, add), dark = scenery.paint(scene, size, u)
    mask = np.zeros((size, size), np.float32)
    things = layout(scene, sprites, u)
    afloat = scene.ground == "sea"
    for thing in things:
        sprite = sprites[thing.noun]
        width, height = thing.size(sprite)
        sunk = None
        if scene.is_sticker:
            shade(picture, size, thing.x, thing.foot + 0.004, width * 0.42, 0.030, dark)
        elif not thing.floats and afloat:
            sunk = thing.foot - height * 0.10
            shade(picture, size, thing.x, sunk + 0.012, width * 0.55, 0.030, dark * 0.8)
        elif not thing.floats:
            shade(picture, size, thing.x + 0.05 * (0.5 - u[4]), thing.foot - 0.006, width * 0.50, 0.045 * (0.6 + width), dark * 1.25)
        elif scene.relation == "alone" and scene.ground not in ("space", "underwater") and horizon < 0.9:
            shade(picture, size, thing.x, min(0.95, horizon + 0.22), width * 0.34, 0.026, dark * 0.4)
        paste(picture, mask, thing, sprite, size, multiply, add, sunk, u[4])
    scenery.paint_weather(picture, scene, size, u, multiply)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8), (mask * 255 + 0.5).astype(np.uint8)
