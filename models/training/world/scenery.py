"""Skies, grounds and weather, painted with soft edges at any size. `u` are a scene's chances, uniform in 0..1."""

import functools
import math

import numpy as np
from PIL import Image, ImageFilter

from world.sprites import COLOURS

# Of each time: the sky's top and foot, light that multiplies what it falls on, light that is added, how dark shadows are.
TIMES = {
    "day": ((0.33, 0.63, 0.98), (0.80, 0.93, 1.00), (1.00, 1.00, 1.00), (0.00, 0.00, 0.00), 0.34),
    "dawn": ((0.55, 0.68, 0.95), (1.00, 0.80, 0.76), (1.00, 0.93, 0.92), (0.04, 0.02, 0.03), 0.28),
    "sunset": ((0.42, 0.25, 0.60), (1.00, 0.60, 0.34), (1.00, 0.80, 0.68), (0.06, 0.02, 0.03), 0.34),
    "night": ((0.03, 0.05, 0.18), (0.17, 0.20, 0.44), (0.70, 0.71, 0.92), (0.03, 0.04, 0.10), 0.38),
    "moonlight": ((0.05, 0.09, 0.26), (0.26, 0.34, 0.60), (0.72, 0.78, 0.98), (0.03, 0.05, 0.11), 0.40)}
TILE = 512


def grid(size):
    return _grid(size)


@functools.lru_cache(None)
def _grid(size):
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    return (x + 0.5) / size, (y + 0.5) / size


def blurred(array, radius):
    """Of a tile that repeats."""
    frequency = np.fft.fftfreq(array.shape[0])
    gauss = np.exp(-2 * (np.pi * radius * frequency) ** 2)
    return np.fft.ifft2(np.fft.fft2(array) * gauss[:, None] * gauss).real.astype(np.float32)


@functools.lru_cache(None)
def tile(kind, size):
    """A texture twice the picture's size that repeats: it is shifted by chance."""
    random, side = np.random.default_rng(abs(hash_of(kind))), TILE
    if kind == "noise":
        field = sum(blurred(random.standard_normal((side, side)), r) * r * k for r, k in ((4, 0.5), (12, 1), (40, 2)))
        field = (field - field.mean()) / field.std()
    else:
        count, width, height = {"stars": (330, 0.9, 0.9), "snow": (300, 1.7, 1.7), "rain": (700, 0.8, 1),
                                "flowers": (900, 1.4, 1.0), "bubbles": (120, 2.5, 2.5)}[kind]
        field = np.zeros((side, side), np.float32)
        ys, xs, power = random.integers(0, side, count), random.integers(0, side, count), random.uniform(0.35, 1, count)
        if kind == "rain":
            for k in range(16):
                np.add.at(field, ((ys + k) % side, (xs - k // 4) % side), power * np.sin(np.pi * (k + 0.5) / 16))
        else:
            np.add.at(field, (ys, xs), power)
        field = blurred(field, width)
        field = np.clip(field / np.quantile(field[field > field.max() * 0.2], 0.8), 0, 1)
    step = TILE // (2 * size)
    return np.ascontiguousarray(field.reshape(2 * size, step, 2 * size, step).mean((1, 3)).astype(np.float32))


def hash_of(word):
    return int.from_bytes(word.encode()[:6], "little")


def texture(kind, size, across, down):
    field = tile(kind, size)
    top, left = int(down * size), int(across * size)
    return field[top:top + size, left:left + size]


def mix(picture, colour, mask):
    """Paints a colour over a picture, in place."""
    picture += (np.float32(colour) - picture) * mask[..., None]


def below(size, edge):
    """1 under a line of heights, with soft edges."""
    return np.clip((grid(size)[1] - edge) * size + 0.5, 0, 1)


def slope(size, top, foot, low, high):
    """A gradient between two colours from one height to another."""
    share = np.clip((np.arange(size, dtype=np.float32) / size - low) / (high - low), 0, 1)[:, None, None]
    return np.float32(top) * (1 - share) + np.float32(foot) * share


def waves(size, base, amplitude, phase, frequency):
    x = (np.arange(size, dtype=np.float32) + 0.5) / size
    return base + amplitude * (np.sin(6.283 * (frequency * x + phase)) + 0.45 * np.sin(6.283 * (frequency * 2.3 * x + 2.7 * phase + 0.3)))


def disc(size, x, y, radius, soft):
    gx, gy = grid(size)
    return np.clip((radius - np.hypot(gx - x, gy - y)) / soft + 0.5, 0, 1)


def glow(size, x, y, radius):
    gx, gy = grid(size)
    return np.exp(-((gx - x) ** 2 + (gy - y) ** 2) / radius ** 2)


def softened(shares, radius):
    """Of numbers in 0..1."""
    picture = Image.fromarray((shares * 255 + 0.5).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(picture, np.float32) / 255


@functools.lru_cache(None)
def cloud_stamps():
    """Three heaps of soft balls, lit from above, each at its size, a half and a quarter of it; premultiplied."""
    stamps = []
    for seed in (5, 8, 13):
        random = np.random.default_rng(seed)
        y, x = np.mgrid[0:128, 0:256].astype(np.float32)
        alpha, light = np.zeros((128, 256), np.float32), np.zeros((128, 256), np.float32)
        for k in range(9):
            cx = 50 + 156 * (k + 0.5) / 9
            radius = random.uniform(20, 30) + 20 * np.sin(np.pi * (k + 0.5) / 9)
            cy = 98 - radius * 0.75
            ball = np.clip((radius - np.hypot(x - cx, y - cy)) / 3 + 0.5, 0, 1)
            shade = np.clip(1.02 - 0.16 * np.clip((y - cy) / radius + 0.3, 0, 1.3), 0, 1)
            light = light * (1 - ball) + shade * ball
            alpha = np.maximum(alpha, ball)
        alpha *= np.clip((106 - y) / 6, 0, 1)
        light = softened(light * alpha, 5) / np.maximum(softened(alpha, 5), 0.02)
        alpha = softened(alpha, 1.5)
        premultiplied = (np.dstack([np.clip(light, 0, 1) * alpha] * 3 + [alpha]) * 255 + 0.5).astype(np.uint8)
        whole = Image.frombytes("RGBa", (256, 128), premultiplied.tobytes())
        stamps.append([whole, whole.resize((128, 64), Image.BOX), whole.resize((64, 32), Image.BOX)])
    return stamps


def stamped(picture, size, x, y, width, which, colour, strength):
    """Pastes a cloud, its middle at (x, y)."""
    level = min(2, max(0, round(math.log2(256 / (width * size)) - 0.25)))
    stamp = cloud_stamps()[which][level]
    scale = stamp.width / (width * size)
    done = np.asarray(stamp.transform((size, size), Image.AFFINE, (
        scale, 0, stamp.width / 2 - x * size * scale, 0, scale, stamp.height / 2 - y * size * scale), Image.BILINEAR), np.float32) / 255
    picture *= 1 - done[..., 3:] * strength
    picture += done[..., :3] * np.float32(colour) * strength


def paint_sky(size, time, weather, u):
    top, foot = (np.float32(c) for c in TIMES[time][:2])
    if weather in ("cloudy", "rain", "snowfall"):
        grey = np.float32([0.66, 0.71, 0.78]) * float(foot.mean()) ** 0.5
        top, foot = top * 0.35 + grey * 0.62, foot * 0.4 + grey * 0.6
    tone = np.float32([0.05, -0.02, 0.03]) * (2 * u[9] - 1)
    picture = slope(size, top + tone, foot + tone, 0.0, 0.68).repeat(size, 1)
    x, y = 0.08 + 0.84 * u[4], 0.08 + 0.24 * u[5]
    veiled = 0.35 if weather != "clear" else 1.0
    if time == "day":
        mix(picture, (1, 1, 0.93), 0.55 * veiled * glow(size, x, y, 0.16) + 0.25 * veiled * glow(size, x, y, 0.45))
    elif time in ("dawn", "sunset"):
        low = 0.42 + 0.12 * u[5]
        mix(picture, (1, 0.86, 0.55), 0.60 * veiled * glow(size, x, low, 0.32))
        mix(picture, (1, 0.95, 0.80), veiled * disc(size, x, low, 0.055, 0.01))
    else:
        sky = np.clip(1.2 - 1.5 * grid(size)[1], 0, 1)
        mix(picture, (1, 1, 0.94), texture("stars", size, u[10], u[11]) * sky * (0.95 if weather == "clear" else 0.2))
        if time == "moonlight":
            mix(picture, (0.80, 0.86, 1), 0.5 * veiled * glow(size, x, y + 0.04, 0.22))
            mix(picture, (0.98, 0.97, 0.90), disc(size, x, y + 0.04, 0.085, 0.008) * (0.5 + 0.5 * veiled))
    return picture


def paint_clouds(picture, size, time, weather, u):
    colour = np.float32(TIMES[time][1]) * 0.25 + np.float32(TIMES[time][2]) * (0.77 if time in ("night", "moonlight") else 0.8)
    strength = 0.92
    if time in ("night", "moonlight"):
        colour, strength = colour * 0.62, 0.75
    if weather in ("rain", "snowfall", "cloudy"):
        colour = colour * 0.86
    many = 2 if weather == "clear" else 5
    for k in range(many):
        x = (u[6] + k * 0.37 + 0.3 * u[7]) % 1.3 - 0.15
        stamped(picture, size, x, 0.10 + 0.24 * ((u[7] + 0.31 * k) % 1), 0.26 + 0.24 * ((u[8] + 0.4 * k) % 1), k % 3,
                np.clip(colour, 0, 1), strength)


def land(picture, size, edge, top, foot, light, u, low, rough=0.035):
    """One fold of land, with a little texture, in the light of the time."""
    colours = slope(size, np.float32(top) * light, np.float32(foot) * light, low, 1.0)
    grain = 1 + rough * texture("noise", size, u[12], u[13])
    mask = below(size, edge)[..., None]
    picture += (colours * grain[..., None] - picture) * mask


def paint_trees(picture, size, horizon, colour, u, k, height):
    """A row of spruces as one silhouette."""
    x = (np.arange(size, dtype=np.float32) + 0.5) / size * (6 + 2 * k) + u[1] * 3 + k * 0.37
    cell, inside = np.floor(x), x - np.floor(x)
    tall = height * (0.65 + 0.5 * (np.sin(cell * 12.9898 + k) * 43758.5453 % 1))
    edge = horizon - tall * np.clip(1 - np.abs(inside - 0.5) * 2.1, 0, 1) ** 0.9
    mix(picture, colour, below(size, edge))


def paint_skyline(picture, size, horizon, light, u, night):
    x = (np.arange(size, dtype=np.float32) + 0.5) / size
    for k, (count, low, high, tone) in enumerate(((9, 0.16, 0.36, 0.80), (7, 0.08, 0.24, 0.55))):
        along = x * count + u[1 + k] * 5
        cell = np.floor(along).astype(int)
        chance = np.abs(np.sin(cell * 78.233 + k * 3.1) * 43758.5453) % 1
        edge = horizon - (low + (high - low) * chance)
        inside = along - cell
        hue = np.stack([0.62 + 0.25 * chance, 0.64 + 0.1 * np.abs(np.sin(cell * 3.3)), 0.80 - 0.12 * chance], -1)
        walls = (hue * tone * light).astype(np.float32)[None]
        mask = (below(size, edge) * (inside > 0.04))[..., None]
        picture += (walls - picture) * mask
        rows = (grid(size)[1] - edge) * count * 3.2
        frames = ((rows % 1 > 0.35) & (rows % 1 < 0.8) & (rows > 0.2)
                  & ((inside * 4) % 1 > 0.3) & ((inside * 4) % 1 < 0.8) & (inside > 0.1) & (inside < 0.95))
        lit = np.abs(np.sin(np.floor(rows) * 5.1 + cell * 9.7 + np.floor(inside * 4) * 3.7)) > (0.45 if night else 0.0)
        glass = (1, 0.86, 0.5) if night else np.float32((0.86, 0.94, 1)) * light
        mix(picture, glass, frames * lit * mask[..., 0] * (0.85 if night else 0.45))


def paint_room(size, time, light, u):
    hue = ((0.96, 0.85, 0.76), (0.80, 0.88, 0.94), (0.86, 0.92, 0.82), (0.95, 0.82, 0.86), (0.90, 0.86, 0.96))[int(u[1] * 4.99)]
    horizon = 0.60 + 0.06 * u[0]
    picture = slope(size, np.float32(hue) * light, np.float32(hue) * 0.9 * light, 0, horizon).repeat(size, 1)
    x, y = grid(size)
    left, top = (0.06 if u[4] < 0.5 else 0.60) + 0.05 * u[5], 0.08 + 0.05 * u[5]
    inside = lambda grow: (np.clip((0.17 + grow - np.abs(x - left - 0.17)) * size + 0.5, 0, 1)
                           * np.clip((0.17 + grow - np.abs(y - top - 0.17)) * size + 0.5, 0, 1))
    mix(picture, np.float32((0.99, 0.98, 0.96)) * (0.6 + 0.4 * np.float32(light)), inside(0.02))
    pane = inside(0)[..., None]
    picture += (slope(size, *TIMES[time][:2], top, top + 0.4) - picture) * pane
    if time in ("night", "moonlight"):
        mix(picture, (1, 1, 0.94), texture("stars", size, u[10], u[11]) * pane[..., 0])
    if time == "moonlight":
        mix(picture, (0.98, 0.97, 0.90), disc(size, left + 0.2, top + 0.1, 0.05, 0.008) * pane[..., 0])
    if time in ("dawn", "sunset"):
        mix(picture, (1, 0.95, 0.80), disc(size, left + 0.2, top + 0.26, 0.04, 0.008) * pane[..., 0])
    bars = np.maximum(np.clip((0.008 - np.abs(x - left - 0.17)) * size + 0.5, 0, 1),
                      np.clip((0.008 - np.abs(y - top - 0.17)) * size + 0.5, 0, 1))
    mix(picture, np.float32((0.99, 0.98, 0.96)) * (0.6 + 0.4 * np.float32(light)), bars * inside(0))
    boards = 1 - 0.10 * (np.abs(((x - 0.5) / (y + 0.25) * 6 + u[2]) % 1 - 0.5) > 0.47)
    floor = slope(size, np.float32((0.80, 0.60, 0.42)) * light, np.float32((0.72, 0.50, 0.34)) * light, horizon, 1) * boards[..., None]
    mask = below(size, horizon)[..., None]
    picture += (floor - picture) * mask
    mix(picture, np.float32((0.97, 0.95, 0.92)) * light, below(size, horizon - 0.02) * (1 - mask[..., 0]))
    return picture, horizon


def paint_space(size, u):
    x, y = grid(size)
    picture = slope(size, (0.04, 0.03, 0.12), (0.10, 0.06, 0.22), 0, 1).repeat(size, 1)
    mix(picture, (0.42, 0.20, 0.58), 0.55 * glow(size, u[4], u[5], 0.40))
    mix(picture, (0.12, 0.36, 0.62), 0.45 * glow(size, u[6], 1 - u[7], 0.42))
    mix(picture, (0.8, 0.6, 0.9), 0.10 * np.clip(texture("noise", size, u[12], u[13]), 0, 2))
    mix(picture, (1, 1, 0.96), texture("stars", size, u[10], u[11]))
    return picture


def paint_underwater(size, u):
    x, y = grid(size)
    picture = slope(size, (0.30, 0.78, 0.88), (0.03, 0.26, 0.52), 0, 0.9).repeat(size, 1)
    rays = np.clip(np.sin((x + 0.35 * y) * 17 + u[4] * 6.3) + 0.5 * np.sin((x + 0.35 * y) * 31 + u[5] * 6.3) - 0.2, 0, 1)
    mix(picture, (0.85, 1.0, 0.98), rays * np.clip(0.42 - 0.55 * y, 0, 1))
    mix(picture, (0.85, 0.97, 1.0), texture("bubbles", size, u[10], u[11]) * 0.5)
    horizon = 0.80 + 0.05 * u[0]
    land(picture, size, waves(size, horizon, 0.018, u[1], 0.9), (0.62, 0.68, 0.56), (0.78, 0.74, 0.56), 1.0, u, horizon, 0.05)
    return picture, horizon


def paint(scene, size, u):
    """The picture without its subjects, the height of its horizon, the light on things, and how dark shadows are."""
    if scene.is_sticker:
        colour = np.float32(COLOURS[scene.ground]) / 255
        if scene.ground == "white":
            colour = np.float32([1, 1, 1])
        picture = np.broadcast_to(colour, (size, size, 3)).copy()
        if scene.ground != "white":
            picture *= 1.03 - 0.10 * grid(size)[1][..., None]
        return picture, 0.62, (np.float32([1, 1, 1]), np.float32([0, 0, 0])), 0.20
    multiply, add, dark = np.float32(TIMES[scene.time][2]), np.float32(TIMES[scene.time][3]), TIMES[scene.time][4]
    if scene.ground == "space":
        return paint_space(size, u), 1.0, (np.float32([0.92, 0.90, 1.0]), np.float32([0.0, 0.0, 0.03])), 0.0
    if scene.ground == "underwater":
        picture, horizon = paint_underwater(size, u)
        return picture, horizon, (np.float32([0.80, 0.95, 1.0]), np.float32([0.0, 0.03, 0.06])), 0.25
    night = scene.time in ("night", "moonlight")
    if scene.ground == "room":
        light = 0.5 + 0.5 * multiply if not night else multiply * np.float32([1.05, 0.98, 0.88])
        picture, horizon = paint_room(size, scene.time, light, u)
        return picture, horizon, (0.35 + 0.65 * multiply, add), dark
    light = multiply * (0.62 if night else 1.0)
    if scene.weather in ("cloudy", "rain", "snowfall"):
        light, multiply, dark = light * 0.88, multiply * 0.94, dark * 0.6
    picture = paint_sky(size, scene.time, scene.weather, u)
    if scene.weather != "fog":
        paint_clouds(picture, size, scene.time, scene.weather, u)
    horizon = GROUNDS[scene.ground](picture, size, light, u, np.float32(TIMES[scene.time][1]), night)
    if scene.weather == "fog":
        veil = np.clip(0.85 - 1.5 * np.abs(grid(size)[1] - horizon), 0.25, 0.85)
        mix(picture, np.float32([0.86, 0.89, 0.93]) * (0.5 * multiply + 0.5 * multiply.mean()), veil)
    return picture, horizon, (multiply, add), dark


def far(colour, sky, share):
    return np.float32(colour) * (1 - share) + sky * share


def meadow(picture, size, light, u, sky, night):
    horizon = 0.60 + 0.07 * u[0]
    land(picture, size, waves(size, horizon - 0.05, 0.030 + 0.02 * u[3], u[1], 0.8),
         far((0.42, 0.68, 0.44), sky, 0.25), (0.36, 0.62, 0.34), light, u, 0.5)
    land(picture, size, waves(size, horizon + 0.01, 0.020, u[2], 0.6), (0.54, 0.80, 0.36), (0.30, 0.60, 0.26), light, u, horizon)
    spots = texture("flowers", size, u[10], u[11]) * below(size, horizon + 0.05) * 0.7
    mix(picture, np.float32((0.98, 0.95, 0.72)) * light, spots * (texture("noise", size, u[12], u[13]) > 0.4))
    return horizon


def hills(picture, size, light, u, sky, night):
    horizon = 0.62 + 0.06 * u[0]
    for k, (rise, colour, veil) in enumerate((
            (0.20, (0.40, 0.52, 0.66), 0.45), (0.11, (0.36, 0.58, 0.52), 0.28), (0.04, (0.40, 0.66, 0.40), 0.1))):
        edge = waves(size, horizon - rise, 0.045 - 0.008 * k, u[1] + 0.37 * k * (1 + u[3]), 0.9 + 0.25 * k)
        land(picture, size, edge, far(colour, sky, veil), far(colour, sky, veil) * 0.92, light, u, 0.4)
    land(picture, size, waves(size, horizon + 0.02, 0.018, u[2], 0.7), (0.56, 0.78, 0.38), (0.34, 0.58, 0.26), light, u, horizon)
    return horizon


def forest(picture, size, light, u, sky, night):
    horizon = 0.62 + 0.05 * u[0]
    for k, (height, colour, veil) in enumerate((
            (0.40, (0.24, 0.46, 0.40), 0.45), (0.33, (0.18, 0.42, 0.32), 0.22), (0.25, (0.12, 0.36, 0.24), 0.0))):
        paint_trees(picture, size, horizon + 0.02 * k, far(colour, sky, veil) * light, u, k, height)
    land(picture, size, waves(size, horizon + 0.01, 0.014, u[2], 0.8), (0.36, 0.60, 0.30), (0.22, 0.42, 0.20), light, u, horizon, 0.06)
    return horizon


def paint_sea(picture, size, light, u, sky, horizon):
    x, y = grid(size)
    land(picture, size, np.float32(horizon), far((0.20, 0.62, 0.80), sky, 0.35), (0.05, 0.32, 0.62), light, u, horizon, 0.015)
    depth = np.clip((y - horizon) / (1 - horizon), 0.001, 1)
    crest = np.sin(60 * depth ** 0.5 + 3 * np.sin(x * 6.3 * 1.5 + u[12] * 6.3) + u[13] * 6.3) \
        * np.sin(x * 31 / (0.4 + depth) + 7 * depth + u[10] * 6.3)
    mix(picture, np.float32((0.85, 0.97, 1.0)) * light, np.clip(crest - 0.55, 0, 1) * 0.55 * below(size, horizon + 0.015))


def sea(picture, size, light, u, sky, night):
    horizon = 0.54 + 0.07 * u[0]
    paint_sea(picture, size, light, u, sky, horizon)
    return horizon


def beach(picture, size, light, u, sky, night):
    horizon = 0.50 + 0.05 * u[0]
    paint_sea(picture, size, light, u, sky, horizon)
    shore = waves(size, horizon + 0.13, 0.016, u[1], 0.7)
    mix(picture, np.float32((0.97, 0.99, 1.0)) * light, below(size, shore - 0.018))
    land(picture, size, shore, (0.93, 0.82, 0.60), (0.98, 0.86, 0.62), light, u, horizon, 0.04)
    return horizon + 0.13


def desert(picture, size, light, u, sky, night):
    horizon = 0.60 + 0.06 * u[0]
    land(picture, size, waves(size, horizon - 0.07, 0.04, u[1], 0.7), far((0.90, 0.68, 0.44), sky, 0.25), (0.85, 0.62, 0.38), light, u, 0.5)
    land(picture, size, waves(size, horizon - 0.01, 0.03, u[2], 0.8), (0.96, 0.78, 0.50), (0.84, 0.60, 0.36), light, u, horizon)
    x, y = grid(size)
    ripple = np.sin(90 * (y - 0.05 * np.sin(x * 5 + u[3] * 6.3)))
    mix(picture, np.float32((0.99, 0.86, 0.60)) * light, np.clip(ripple - 0.3, 0, 1) * 0.22 * below(size, horizon + 0.06))
    return horizon


def snow(picture, size, light, u, sky, night):
    horizon = 0.60 + 0.06 * u[0]
    land(picture, size, waves(size, horizon - 0.08, 0.045, u[1], 0.8),
         far((0.78, 0.87, 0.97), sky, 0.3), (0.80, 0.88, 0.97), light, u, 0.45, 0.015)
    paint_trees(picture, size, horizon + 0.01, far((0.40, 0.56, 0.60), sky, 0.3) * light, u, 1, 0.12)
    land(picture, size, waves(size, horizon, 0.022, u[2], 0.7), (0.97, 0.98, 1.0), (0.80, 0.88, 0.98), light, u, horizon, 0.015)
    return horizon


def city(picture, size, light, u, sky, night):
    horizon = 0.60 + 0.04 * u[0]
    paint_skyline(picture, size, horizon, light, u, night)
    land(picture, size, np.float32(horizon), (0.74, 0.74, 0.77), (0.66, 0.66, 0.70), light, u, horizon, 0.02)
    x, y = grid(size)
    road = horizon + 0.16
    land(picture, size, np.float32(road), (0.40, 0.41, 0.47), (0.36, 0.37, 0.43), light, u, road, 0.03)
    mix(picture, np.float32((0.90, 0.90, 0.90)) * light, np.clip((0.006 - np.abs(y - road)) * size + 0.5, 0, 1))
    dashes = np.clip((0.009 - np.abs(y - 0.90)) * size + 0.5, 0, 1) * (((x + u[3]) * 5 % 1) < 0.55)
    mix(picture, np.float32((0.97, 0.92, 0.72)) * light, dashes)
    return horizon


GROUNDS = {"meadow": meadow, "hills": hills, "forest": forest, "sea": sea, "beach": beach, "desert": desert, "snow": snow, "city": city}


def paint_weather(picture, scene, size, u, multiply):
    """What falls before everything."""
    if scene.is_sticker:
        return
    if scene.weather == "rain":
        mix(picture, np.float32((0.86, 0.92, 1.0)) * (0.4 + 0.6 * multiply), texture("rain", size, u[10], u[12]) * 0.42)
    elif scene.weather == "snowfall":
        mix(picture, np.float32((1, 1, 1)) * (0.45 + 0.55 * multiply), texture("snow", size, u[10], u[12]) * 0.9)
    elif scene.weather == "fog":
        mix(picture, np.float32([0.86, 0.89, 0.93]) * (0.5 * multiply + 0.5 * multiply.mean()), np.full((size, size), 0.28, np.float32))
