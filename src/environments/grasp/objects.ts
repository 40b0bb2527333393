import type { Rng } from "../../array/rng.ts";

/** Kinds of objects. Their sizes are drawn anew for every scene. */
export const families = ["box", "cylinder", "capsule", "ellipsoid", "hammer", "l"] as const;
export type Family = (typeof families)[number];

/** An object: its geoms about its middle, metres and radians, and how it lies. */
export interface Thing {
  readonly family: Family;
  /** MJCF attributes of its geoms. */
  readonly geoms: readonly string[];
  /** Radius of a circle around it, seen from above. */
  readonly radius: number;
  /** Of its middle above the table, when it lies. */
  readonly height: number;
}

const millimetres = (...values: readonly number[]) => values.map((value) => (value / 1000).toFixed(5)).join(" ");
const QUARTER_TURN = (Math.PI / 2).toFixed(6);

/** A random object of a family; its thinnest part is 16 mm, and its widest more than the gripper's opening. */
export function drawThing(family: Family, rng: Rng): Thing {
  const draw = (low: number, high: number) => rng.uniform(low, high);
  switch (family) {
    case "box": {
      const [x, y, z] = [draw(12, 55), draw(12, 55), draw(9, 24)];
      return thing(family, [`type="box" size="${millimetres(x, y, z)}"`], Math.hypot(x, y), z);
    }
    case "cylinder": {
      const [radius, half] = [draw(12, 46), draw(12, 46)];
      const isStanding = half < radius * 1.5 && rng.uniform(0, 1) < 0.6;
      const size = `type="cylinder" size="${millimetres(radius, half)}"`;
      if (isStanding) return thing(family, [size], radius, half);
      return thing(family, [`${size} euler="${QUARTER_TURN} 0 0"`], Math.hypot(radius, half), radius);
    }
    case "capsule": {
      const [radius, half] = [draw(10, 30), draw(12, 44)];
      const geom = `type="capsule" size="${millimetres(radius, half)}" euler="${QUARTER_TURN} 0 0"`;
      return thing(family, [geom], radius + half, radius);
    }
    case "ellipsoid": {
      const [x, y, z] = [draw(16, 54), draw(16, 54), draw(10, 26)];
      return thing(family, [`type="ellipsoid" size="${millimetres(x, y, z)}"`], Math.max(x, y), z);
    }
    case "hammer": {
      const [length, width, height] = [draw(34, 60), draw(8, 14), draw(8, 14)];
      const [head, thickness] = [draw(24, 46), draw(9, 18)];
      const geoms = [
        `type="box" size="${millimetres(length, width, height)}" pos="${millimetres(-thickness, 0, 0)}"`,
        `type="box" size="${millimetres(thickness, head, height * 1.3)}" pos="${millimetres(length, 0, 0)}"`,
      ];
      return thing(family, geoms, Math.hypot(length + thickness, head), height * 1.3);
    }
    case "l": {
      const [length, across, width, height] = [draw(30, 55), draw(26, 50), draw(8, 15), draw(9, 18)];
      const geoms = [
        `type="box" size="${millimetres(length, width, height)}"`,
        `type="box" size="${millimetres(width, across, height)}" pos="${millimetres(length - width, across - width, 0)}"`,
      ];
      return thing(family, geoms, Math.hypot(length, across * 2), height);
    }
  }
}

const thing = (family: Family, geoms: readonly string[], radius: number, height: number): Thing => ({
  family,
  geoms,
  radius: radius / 1000,
  height: height / 1000,
});

/** Easy to tell apart, also for who does not see all colours (Okabe and Ito). */
const colours = [
  "0.9 0.62 0",
  "0.34 0.71 0.91",
  "0 0.62 0.45",
  "0.94 0.89 0.26",
  "0 0.45 0.7",
  "0.84 0.37 0",
  "0.8 0.47 0.65",
];

/**
 * MJCF bodies of objects at random places within `reach` metres of the middle, none above another if there is room.
 * @param lift how much higher each next object begins that found no room, in metres
 */
export function scatter(things: readonly Thing[], reach: number, lift: number, rng: Rng): string {
  const placed: { x: number; y: number; radius: number }[] = [];
  let crowded = 0;
  return things
    .map(({ geoms, radius, height }, at) => {
      let [x, y, fits] = [0, 0, false];
      for (let attempt = 0; attempt < 60 && !fits; attempt++) {
        [x, y] = [rng.uniform(-reach, reach), rng.uniform(-reach, reach)];
        fits = placed.every((other) => Math.hypot(x - other.x, y - other.y) > 0.6 * (radius + other.radius));
      }
      placed.push({ x, y, radius });
      const z = height + 0.002 + (fits ? 0 : ++crowded * lift);
      const turn = rng.uniform(-Math.PI, Math.PI);
      const shapes = geoms.map((geom) => `<geom ${geom} rgba="${colours[at % colours.length]} 1"/>`).join("");
      const place = `pos="${[x, y, z].map((value) => value.toFixed(5)).join(" ")}" euler="0 0 ${turn.toFixed(5)}"`;
      // The damping stops what rolls, as felt would, and hardly brakes what falls.
      return `<body name="object${at}" ${place}><joint name="object${at}" type="free" damping="0.0005"/>${shapes}</body>`;
    })
    .join("\n");
}
