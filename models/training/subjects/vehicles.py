"""What moves people: each painter within about -1..1 on both axes, in one main colour."""

from shapes import both, box, capsule, circle, ellipse, polygon, triangle, union
from subjects.palette import CREAM, DARK, GLASS, WOOD, sideways


def boat(b, colour):
    x, y = b.x, b.y
    b.fill(box(x, y, 0.0, 0.2, 0.05, 0.8), WOOD)
    b.fill(polygon(x, y, (0.1, -0.4), (0.85, -0.4), (0.1, 0.95)), colour, sideways(x, 0.15))
    b.fill(polygon(x, y, (-0.1, -0.4), (-0.1, 0.75), (-0.65, -0.4)), CREAM)
    b.fill(polygon(x, y, (-0.6, -1.0), (0.6, -1.0), (0.98, -0.48), (-0.98, -0.48)), colour, 0.85 * sideways(x, 0.15))
    b.fill(box(x, y, 0, -0.55, 0.93, 0.05), CREAM)


def car(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.66, -0.3), (0.62, -0.3), (0.36, 0.3), (-0.46, 0.3)), colour, 1.0 + 0.3 * y)
    b.fill(polygon(x, y, (-0.5, -0.24), (-0.06, -0.24), (-0.06, 0.2), (-0.38, 0.2)), GLASS)
    b.fill(polygon(x, y, (0.04, -0.24), (0.46, -0.24), (0.3, 0.2), (0.04, 0.2)), GLASS)
    b.fill(box(x, y, 0, -0.48, 0.98, 0.27, 0.16), colour, 1.0 + 0.3 * (y + 0.4))
    b.fill(circle(x, y, 0.87, -0.42, 0.09), (1.0, 0.95, 0.6))
    for side in (-0.53, 0.53):
        b.fill(circle(x, y, side, -0.75, 0.25), DARK)
        b.fill(circle(x, y, side, -0.75, 0.11), CREAM)


def balloon(b, colour):
    x, y = b.x, b.y
    for side in (-1, 1):
        b.fill(capsule(x, y, side * 0.4, -0.1, side * 0.16, -0.7, 0.03), DARK)
    envelope = union(circle(x, y, 0, 0.3, 0.68),
                     polygon(x, y, (-0.2, -0.55), (0.2, -0.55), (0.58, -0.06), (-0.58, -0.06)))
    b.fill(envelope, colour, sideways(x))
    b.fill(both(envelope, ellipse(x, y, 0, 0.2, 0.22, 0.95)), CREAM, sideways(x, 0.2))
    b.fill(box(x, y, 0, -0.83, 0.2, 0.16, 0.05), WOOD)


def rocket(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.16, -0.62), (0.0, -1.05), (0.16, -0.62)), (1.0, 0.75, 0.2))
    for side in (-1, 1):
        b.fill(triangle(x, y, side * 0.26, -0.1, side * 0.26, -0.62, side * 0.66, -0.78), colour, 0.75 + 0 * x)
    hull = both(ellipse(x, y, 0, -0.1, 0.38, 1.12), -0.64 - y)
    b.fill(hull, CREAM, sideways(x, 0.3))
    b.fill(both(hull, 0.42 - y), colour, sideways(x))
    b.fill(both(hull, y + 0.44), colour, sideways(x))
    b.fill(circle(x, y, 0, 0.12, 0.19), DARK)
    b.fill(circle(x, y, 0, 0.12, 0.13), GLASS)


def airplane(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.92, 0.0), (-0.55, 0.0), (-0.75, 0.55), (-0.98, 0.55)), colour, 0.78 + 0 * x)
    b.fill(polygon(x, y, (-0.05, 0.05), (0.3, 0.05), (0.05, 0.52), (-0.14, 0.52)), colour, 0.72 + 0 * x)
    b.fill(ellipse(x, y, 0, 0, 0.98, 0.27), colour, 1.0 + 0.7 * y)
    b.fill(polygon(x, y, (-0.35, -0.62), (-0.12, -0.62), (0.3, -0.06), (-0.12, -0.06)), colour, 0.72 + 0 * x)
    for cx in (-0.3, -0.02, 0.26):
        b.fill(circle(x, y, cx, 0.07, 0.085), GLASS)
    b.fill(both(ellipse(x, y, 0, 0, 0.98, 0.27), both(0.55 - x, -0.02 - y)), GLASS)


def kite(b, colour):
    x, y = b.x, b.y
    b.fill(union(capsule(x, y, 0.0, -0.4, 0.14, -0.62, 0.03), capsule(x, y, 0.14, -0.62, -0.06, -0.82, 0.03),
                 capsule(x, y, -0.06, -0.82, 0.12, -1.0, 0.03)), DARK)
    for cx, cy in ((0.13, -0.62), (-0.05, -0.82)):
        b.fill(union(triangle(x, y, cx, cy, cx - 0.18, cy + 0.09, cx - 0.18, cy - 0.09),
                     triangle(x, y, cx, cy, cx + 0.18, cy - 0.09, cx + 0.18, cy + 0.09)), CREAM)
    sail = polygon(x, y, (0.0, -0.42), (0.62, 0.38), (0.0, 1.0), (-0.62, 0.38))
    b.fill(sail, colour, 1.0 - 0.15 * x)
    b.fill(both(sail, both(x, y - 0.38)), colour, 0.72 + 0 * x)
    b.fill(both(sail, both(-x, 0.38 - y)), colour, 0.72 + 0 * x)
