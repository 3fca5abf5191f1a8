"""What can stand in a scene: `PAINTERS`, one short painter a subject."""

from subjects import animals, buildings, nature, vehicles

PAINTERS = {painter.__name__: painter for painter in (
    buildings.house, vehicles.boat, nature.tree, vehicles.balloon, vehicles.car, buildings.lighthouse, nature.flower,
    animals.bird, animals.fish, nature.mountain, nature.mushroom, animals.butterfly, animals.cat, buildings.castle,
    buildings.windmill, buildings.tent, buildings.umbrella, vehicles.rocket, vehicles.airplane, vehicles.kite,
    animals.duck, animals.whale, nature.sun, nature.moon)}
