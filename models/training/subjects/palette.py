"""The colours that are not a subject's own, and its light."""

WOOD, DARK, CREAM, GLASS = (0.45, 0.28, 0.17), (0.17, 0.17, 0.22), (1.0, 0.96, 0.86), (0.75, 0.9, 1.0)
LEAF, STEM, ROOF, STONE = (0.25, 0.6, 0.28), (0.2, 0.5, 0.22), (0.52, 0.3, 0.25), (0.45, 0.42, 0.42)
BEAK, SPRAY = (0.98, 0.6, 0.12), (0.85, 0.95, 1.0)


def sideways(x, strength=0.25):
    """Light from the left, as in most picture books."""
    return 1 - strength * x.clamp(-1, 1)
