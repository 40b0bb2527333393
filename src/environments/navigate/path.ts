import { type Point, ROBOT_RADIUS, SIDE, type World } from "./world.ts";

/** Metres between the points of the grid. */
const GRID = 0.1;
const ACROSS = Math.round(SIDE / GRID) + 1;
const neighbours = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => ({ dx, dy }))).filter(({ dx, dy }) => dx || dy);

/**
 * Metres of a shortest path for the robot's middle from one point to another: Dijkstra's on a grid of 0.1 m, whose corners
 * are then pulled straight wherever the robot can go straight. It turns on the spot, which the robot cannot: what the robot
 * drives is longer.
 *
 * @returns `undefined` if there is no way
 */
export function shortestPath(world: World, from: Point, to: Point): number | undefined {
  const grid = gridOf(world);
  const [start, end] = [pointAt(from), pointAt(to)];
  if (!grid[start] || !grid[end]) return undefined;
  const costs = new Float64Array(ACROSS ** 2).fill(Number.POSITIVE_INFINITY);
  const before = new Int32Array(ACROSS ** 2).fill(-1);
  costs[end] = 0;
  const queue = new Queue();
  queue.push(end, 0);
  for (let at = queue.pop(); at !== undefined && at !== start; at = queue.pop()) {
    const [column, row] = [at % ACROSS, Math.floor(at / ACROSS)];
    for (const { dx, dy } of neighbours) {
      const [x, y] = [column + dx, row + dy];
      const next = y * ACROSS + x;
      if (x < 0 || y < 0 || x >= ACROSS || y >= ACROSS || !grid[next]) continue;
      const cost = costs[at]! + Math.hypot(dx, dy) * GRID;
      if (cost >= costs[next]!) continue;
      costs[next] = cost;
      before[next] = at;
      queue.push(next, cost);
    }
  }
  if (costs[start] === Number.POSITIVE_INFINITY) return undefined;
  const path = [from];
  for (let at = start; at !== end; at = before[at]!)
    path.push({ x: (at % ACROSS) * GRID, y: Math.floor(at / ACROSS) * GRID });
  return straightened(world, [...path, to]);
}

const pointAt = ({ x, y }: Point): number => Math.round(y / GRID) * ACROSS + Math.round(x / GRID);

const grids = new WeakMap<World, Uint8Array>();

/** 1 where the robot's middle can be, for the points of the grid. */
function gridOf(world: World): Uint8Array {
  const kept = grids.get(world);
  if (kept) return kept;
  const grid = Uint8Array.from({ length: ACROSS ** 2 }, (_, at) =>
    Number(world.clearance((at % ACROSS) * GRID, Math.floor(at / ACROSS) * GRID) >= ROBOT_RADIUS),
  );
  grids.set(world, grid);
  return grid;
}

/** Length of a path whose every corner is left out that the robot can cut. */
function straightened(world: World, path: readonly Point[]): number {
  let length = 0;
  for (let at = 0; at < path.length - 1; ) {
    let next = path.length - 1;
    while (next > at + 1 && !isFree(world, path[at]!, path[next]!)) next -= 1;
    length += Math.hypot(path[next]!.x - path[at]!.x, path[next]!.y - path[at]!.y);
    at = next;
  }
  return length;
}

/** Whether the robot can go straight from one point to another: each step is as long as there is room around. */
function isFree(world: World, from: Point, to: Point): boolean {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  for (let gone = 0; gone < length; ) {
    const share = gone / length;
    const room = world.clearance(from.x + share * (to.x - from.x), from.y + share * (to.y - from.y)) - ROBOT_RADIUS;
    if (room < 0) return false;
    gone += Math.max(room, 0.01);
  }
  return true;
}

/** A binary heap: the point of the lowest cost first. */
class Queue {
  readonly #points: number[] = [];
  readonly #costs: number[] = [];

  push(point: number, cost: number): void {
    let at = this.#points.push(point) - 1;
    this.#costs.push(cost);
    for (let above = (at - 1) >> 1; at > 0 && this.#costs[above]! > cost; at = above, above = (at - 1) >> 1)
      this.#swap(at, above);
  }

  pop(): number | undefined {
    const first = this.#points[0];
    const [point, cost] = [this.#points.pop(), this.#costs.pop()];
    if (first === undefined || point === undefined || cost === undefined || !this.#points.length) return first;
    this.#points[0] = point;
    this.#costs[0] = cost;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const lower =
        (this.#costs[right] ?? Number.POSITIVE_INFINITY) < (this.#costs[left] ?? Number.POSITIVE_INFINITY)
          ? right
          : left;
      if (!((this.#costs[lower] ?? Number.POSITIVE_INFINITY) < this.#costs[at]!)) return first;
      this.#swap(at, lower);
      at = lower;
    }
  }

  #swap(a: number, b: number): void {
    const [points, costs] = [this.#points, this.#costs];
    [points[a], points[b]] = [points[b]!, points[a]!];
    [costs[a], costs[b]] = [costs[b]!, costs[a]!];
  }
}
