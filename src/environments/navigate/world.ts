import { Rng } from "../../array/rng.ts";

/** A point of the floor, metres from the world's lower left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where the robot is; `heading` in radians, 0 along x, counter-clockwise. */
export interface Pose extends Point {
  readonly heading: number;
}

/** Something that stands on the floor: an upright cylinder or box. */
export interface Obstacle extends Point {
  /** Of a cylinder; 0 for a box. */
  readonly radius: number;
  /** Half the sides of a box; 0 for a cylinder. */
  readonly halfX: number;
  readonly halfY: number;
  /** Cosine and sine of the angle by which a box is turned. */
  readonly cos: number;
  readonly sin: number;
  /** Metres above the floor. */
  readonly height: number;
}

/** Metres along a ray at which it enters something and leaves it, and the height of that. */
export interface Hit {
  readonly near: number;
  readonly far: number;
  readonly height: number;
}

/** Metres: the side of the square floor, the height of the walls around it, the robot's radius. */
export const [SIDE, WALL_HEIGHT, ROBOT_RADIUS] = [12, 1.2, 0.2];
const OBSTACLES = 34;

/** Worlds to train in, to choose settings with, and for the last measurement. */
export const parts = ["train", "validation", "test"] as const;

/** A square floor with walls around it, on which boxes and cylinders stand. */
export class World {
  readonly obstacles: readonly Obstacle[];

  constructor(obstacles: readonly Obstacle[]) {
    this.obstacles = obstacles;
  }

  /** Metres from a point to the surface of the nearest thing; negative inside of one. */
  clearance(x: number, y: number): number {
    let nearest = Math.min(x, y, SIDE - x, SIDE - y);
    for (const obstacle of this.obstacles) nearest = Math.min(nearest, distanceTo(obstacle, x, y));
    return nearest;
  }

  /** Metres from a point, in a direction, to the first surface; at most `reach`. */
  range(x: number, y: number, angle: number, reach: number): number {
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    let nearest = Math.min(reach, toWall(x, y, dx, dy));
    for (const obstacle of this.obstacles) {
      if (isBeside(obstacle, x, y, dx, dy, nearest)) continue;
      const hit = crossing(obstacle, x, y, dx, dy);
      if (hit && hit[0] < nearest) nearest = hit[0];
    }
    return nearest;
  }

  /** All that a ray goes through within `reach`, the nearest first. */
  hits(x: number, y: number, angle: number, reach: number): Hit[] {
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    const wall = toWall(x, y, dx, dy);
    const found: Hit[] = wall < reach ? [{ near: wall, far: Number.POSITIVE_INFINITY, height: WALL_HEIGHT }] : [];
    for (const obstacle of this.obstacles) {
      if (isBeside(obstacle, x, y, dx, dy, reach)) continue;
      const hit = crossing(obstacle, x, y, dx, dy);
      if (hit && hit[0] < reach) found.push({ near: hit[0], far: hit[1], height: obstacle.height });
    }
    return found.sort((a, b) => a.near - b.near);
  }
}

/** The world of that index, of a part: another for each. */
export function worldOf(part: (typeof parts)[number], index: number): World {
  const rng = new Rng(index).split("navigate", part);
  return new World(Array.from({ length: OBSTACLES }, (_, at) => placed(rng.split("obstacle", at))));
}

export const cylinder = (x: number, y: number, radius: number, height: number): Obstacle => ({
  ...{ x, y, radius, height },
  ...{ halfX: 0, halfY: 0, cos: 1, sin: 0 },
});

/** A box turned by an angle. */
export const boxAt = (x: number, y: number, halfX: number, halfY: number, angle: number, height: number): Obstacle => ({
  ...{ x, y, halfX, halfY, height },
  ...{ radius: 0, cos: Math.cos(angle), sin: Math.sin(angle) },
});

function placed(rng: Rng): Obstacle {
  const [x, y] = [rng.uniform(0, SIDE), rng.uniform(0, SIDE)];
  const height = rng.uniform(0.3, 1);
  if (rng.chance(0.5)) return cylinder(x, y, rng.uniform(0.15, 0.5), height);
  const angle = rng.uniform(0, Math.PI);
  return boxAt(x, y, rng.uniform(0.1, 0.7), rng.uniform(0.1, 0.7), angle, height);
}

/** Metres from a point to an obstacle's surface; negative inside of it. */
export function distanceTo(
  { x: left, y: low, radius, halfX, halfY, cos, sin }: Obstacle,
  x: number,
  y: number,
): number {
  const [east, north] = [x - left, y - low];
  if (radius > 0) return Math.hypot(east, north) - radius;
  const across = Math.abs(cos * east + sin * north) - halfX;
  const along = Math.abs(cos * north - sin * east) - halfY;
  return Math.hypot(Math.max(across, 0), Math.max(along, 0)) + Math.min(Math.max(across, along), 0);
}

/** Metres from a point on the floor to the walls around it. */
function toWall(x: number, y: number, dx: number, dy: number): number {
  const across = dx > 0 ? (SIDE - x) / dx : dx < 0 ? -x / dx : Number.POSITIVE_INFINITY;
  const along = dy > 0 ? (SIDE - y) / dy : dy < 0 ? -y / dy : Number.POSITIVE_INFINITY;
  return Math.min(across, along);
}

/** Whether a ray surely misses an obstacle within `reach`: its circle around is passed by. */
function isBeside(obstacle: Obstacle, x: number, y: number, dx: number, dy: number, reach: number): boolean {
  const [east, north] = [obstacle.x - x, obstacle.y - y];
  const around = obstacle.radius + obstacle.halfX + obstacle.halfY;
  const ahead = east * dx + north * dy;
  return ahead < -around || ahead > reach + around || Math.abs(east * dy - north * dx) > around;
}

/** Where a ray enters an obstacle and leaves it: 0 to begin with if it starts inside; nothing if it misses. */
function crossing(
  obstacle: Obstacle,
  x: number,
  y: number,
  dx: number,
  dy: number,
): readonly [number, number] | undefined {
  const { radius, halfX, halfY, cos, sin } = obstacle;
  const [east, north] = [x - obstacle.x, y - obstacle.y];
  if (radius > 0) {
    const middle = -(east * dx + north * dy);
    const under = middle ** 2 - (east ** 2 + north ** 2 - radius ** 2);
    if (under < 0) return undefined;
    const half = Math.sqrt(under);
    return middle + half < 0 ? undefined : [Math.max(middle - half, 0), middle + half];
  }
  const across = slab(cos * east + sin * north, cos * dx + sin * dy, halfX);
  const along = slab(cos * north - sin * east, cos * dy - sin * dx, halfY);
  const [near, far] = [Math.max(across[0], along[0], 0), Math.min(across[1], along[1])];
  return near > far ? undefined : [near, far];
}

/** Between which distances a ray is within ±`half` of one axis. */
function slab(from: number, direction: number, half: number): readonly [number, number] {
  if (direction === 0)
    return Math.abs(from) > half ? [Number.POSITIVE_INFINITY, 0] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const [a, b] = [(-half - from) / direction, (half - from) / direction];
  return a < b ? [a, b] : [b, a];
}
