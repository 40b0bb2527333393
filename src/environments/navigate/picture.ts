import { type Point, type Pose, ROBOT_RADIUS, SIDE, type World } from "./world.ts";

interface Scene {
  readonly world: World;
  readonly robot: Pose;
  /** Where it has been, the oldest first. */
  readonly trail: readonly Point[];
  readonly goal?: Point & { readonly radius: number };
}

type Colour = readonly [red: number, green: number, blue: number];
const FLOOR: Colour = [250, 250, 247];
const THINGS: Colour = [92, 102, 117];
const TRAIL: Colour = [86, 180, 233];
const GOAL: Colour = [0, 158, 115];
const ROBOT: Colour = [213, 94, 0];
const CRASHED: Colour = [200, 0, 60];

/** The world from above, the whole floor in the middle: RGB bytes, `[height, width, 3]`. A robot that has collided is red. */
export function topView({ world, robot, trail, goal }: Scene, width: number, height: number): Uint8Array {
  const canvas = new Canvas(width, height);
  canvas.fill((x, y) => world.clearance(x, y));
  if (goal) canvas.disc(goal, goal.radius, GOAL);
  for (const point of trail) canvas.disc(point, 0.05, TRAIL);
  canvas.disc(robot, ROBOT_RADIUS, world.clearance(robot.x, robot.y) < ROBOT_RADIUS ? CRASHED : ROBOT);
  const front = 0.6 * ROBOT_RADIUS;
  const nose = { x: robot.x + front * Math.cos(robot.heading), y: robot.y + front * Math.sin(robot.heading) };
  canvas.disc(nose, 0.3 * ROBOT_RADIUS, FLOOR);
  return canvas.bytes;
}

class Canvas {
  readonly bytes: Uint8Array;
  readonly #width: number;
  readonly #height: number;
  /** Pixels of a metre. */
  readonly #scale: number;

  constructor(width: number, height: number) {
    this.bytes = new Uint8Array(width * height * 3);
    [this.#width, this.#height] = [width, height];
    this.#scale = Math.min(width, height) / SIDE;
  }

  /** Column of a place; rows grow downwards. */
  #column = (x: number): number => (x - SIDE / 2) * this.#scale + this.#width / 2;
  #row = (y: number): number => (SIDE / 2 - y) * this.#scale + this.#height / 2;

  /** Lays a colour over a pixel. */
  #paint(row: number, column: number, colour: Colour, share: number): void {
    const at = 3 * (row * this.#width + column);
    for (const [channel, value] of colour.entries())
      this.bytes[at + channel] = Math.round((1 - share) * this.bytes[at + channel]! + share * value);
  }

  /** Paints the floor, and what stands on it: where the metres to the nearest surface are negative. */
  fill(clearance: (x: number, y: number) => number): void {
    for (let row = 0; row < this.#height; row++)
      for (let column = 0; column < this.#width; column++) {
        const x = SIDE / 2 + (column + 0.5 - this.#width / 2) / this.#scale;
        const y = SIDE / 2 - (row + 0.5 - this.#height / 2) / this.#scale;
        this.#paint(row, column, FLOOR, 1);
        this.#paint(row, column, THINGS, Math.min(1, Math.max(0, 0.5 - clearance(x, y) * this.#scale)));
      }
  }

  disc(middle: Point, radius: number, colour: Colour): void {
    const [x, y, size] = [this.#column(middle.x), this.#row(middle.y), radius * this.#scale];
    const [left, right] = [Math.max(0, Math.floor(x - size - 1)), Math.min(this.#width - 1, Math.ceil(x + size + 1))];
    const [top, bottom] = [Math.max(0, Math.floor(y - size - 1)), Math.min(this.#height - 1, Math.ceil(y + size + 1))];
    for (let row = top; row <= bottom; row++)
      for (let column = left; column <= right; column++) {
        const outside = Math.hypot(column + 0.5 - x, row + 0.5 - y) - size;
        this.#paint(row, column, colour, Math.min(1, Math.max(0, 0.5 - outside)));
      }
  }
}
