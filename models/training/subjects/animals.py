"""What swims, flies and purrs: each painter within about -1..1 on both axes, in one main colour."""

from shapes import arc, both, box, capsule, circle, ellipse, frame, polygon, triangle
from subjects.palette import BEAK, CREAM, DARK, SPRAY


def bird(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.95, -0.18), (-0.45, -0.35), (-0.4, 0.15), (-0.98, 0.3)), colour, 0.75 + 0 * x)
    b.fill(ellipse(x, y, -0.05, -0.15, 0.62, 0.42), colour, 1.0 + 0.3 * y)
    b.fill(polygon(x, y, (0.78, 0.12), (1.05, 0.22), (0.78, 0.38)), BEAK)
    b.fill(circle(x, y, 0.5, 0.25, 0.34), colour, 1.0 + 0.2 * y)
    b.fill(polygon(x, y, (-0.35, -0.1), (0.25, -0.1), (-0.3, 0.85)), colour, 0.75 + 0 * x)
    b.fill(circle(x, y, 0.6, 0.33, 0.08), DARK)


def butterfly(b, colour):
    x, y = b.x.abs(), b.y
    b.fill(ellipse(x - 0.3 * (y - 0.35), y, 0.5, 0.35, 0.45, 0.5), colour, 1.0 + 0.25 * y)
    b.fill(ellipse(x + 0.2 * (y + 0.45), y, 0.38, -0.45, 0.33, 0.4), colour, 0.8 + 0 * x)
    b.fill(circle(x, y, 0.58, 0.42, 0.17), CREAM)
    b.fill(capsule(x, y, 0.0, 0.5, 0.22, 0.9, 0.035), DARK)
    b.fill(ellipse(x, y, 0, -0.05, 0.1, 0.6), DARK)


def fish(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.45, 0.0), (-1.0, -0.5), (-0.9, 0.0)), colour, 0.8 + 0 * x)
    b.fill(polygon(x, y, (-0.45, 0.0), (-0.9, 0.0), (-1.0, 0.5)), colour, 0.8 + 0 * x)
    b.fill(polygon(x, y, (-0.2, 0.3), (0.4, 0.3), (0.0, 0.75)), colour, 0.8 + 0 * x)
    body = ellipse(x, y, 0.15, 0, 0.78, 0.46)
    b.fill(body, colour, 1.0 + 0.35 * y)
    b.fill(both(body, box(x, y, -0.08, 0, 0.09, 1)), CREAM)
    b.fill(circle(x, y, 0.58, 0.13, 0.13), CREAM)
    b.fill(circle(x, y, 0.61, 0.13, 0.07), DARK)


def duck(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.5, -0.75), (-0.45, -0.3), (-1.0, 0.0), (-0.92, -0.45)), colour, 0.85 + 0 * x)
    b.fill(both(ellipse(x, y, -0.08, -0.4, 0.8, 0.56), -0.92 - y), colour, 1.0 + 0.25 * (y + 0.4))
    b.fill(ellipse(x, y, -0.15, -0.4, 0.4, 0.24), colour, 0.78 + 0 * x)
    b.fill(polygon(x, y, (0.7, 0.22), (1.05, 0.28), (1.05, 0.38), (0.72, 0.5)), BEAK)
    b.fill(circle(x, y, 0.45, 0.38, 0.37), colour, 1.0 + 0.2 * (y - 0.3))
    b.fill(circle(x, y, 0.55, 0.48, 0.08), DARK)


def whale(b, colour):
    x, y = b.x, b.y
    for side in (-1, 1):
        b.fill(arc(x, y, 0.3 + side * 0.16, 0.66, 0.16, 0.045, lower=False), SPRAY)
    b.fill(capsule(x, y, 0.3, 0.3, 0.3, 0.66, 0.045), SPRAY)
    b.fill(capsule(x, y, -0.5, -0.5, -0.78, 0.0, 0.16), colour, 0.9 + 0 * x)
    for side in (-1, 1):
        b.fill(ellipse(*frame(x, y, -0.8, 0.05, side * 0.8, 0.45), 0.2, 0, 0.26, 0.12), colour, 0.9 + 0 * x)
    body = both(ellipse(x, y, 0.12, -0.4, 0.84, 0.66), -0.88 - y)
    b.fill(body, colour, 1.0 + 0.3 * (y + 0.2))
    b.fill(both(body, y + 0.62 - 0.12 * x), CREAM)
    b.fill(circle(x, y, 0.55, -0.2, 0.08), DARK)


def cat(b, colour):
    x, y = b.x, b.y
    b.fill(arc(x, y, 0.62, -0.45, 0.34, 0.08), colour, 0.85 + 0 * x)
    b.fill(ellipse(x, y, 0, -0.5, 0.52, 0.52), colour, 1.0 + 0.2 * y - 0.1 * x)
    for side in (-1, 1):
        b.fill(triangle(x, y, side * 0.42, 0.5, side * 0.1, 0.62, side * 0.38, 1.0), colour, 0.85 + 0 * x)
        b.fill(ellipse(x, y, side * 0.24, -0.93, 0.22, 0.11), CREAM)
    b.fill(ellipse(x, y, 0, 0.32, 0.5, 0.44), colour, 1.0 + 0.15 * (y - 0.3) - 0.1 * x)
    for side in (-1, 1):
        b.fill(circle(x, y, side * 0.2, 0.4, 0.12), CREAM)
        b.fill(circle(x, y, side * 0.2, 0.4, 0.07), DARK)
    b.fill(triangle(x, y, -0.08, 0.22, 0.0, 0.12, 0.08, 0.22), (0.95, 0.5, 0.55))
    b.fill(ellipse(x, y, 0, -0.45, 0.24, 0.3), CREAM, 0.97 + 0 * x)
