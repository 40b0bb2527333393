import type { Thought } from "./planner.ts";

/** An image as RGB bytes. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Dark violet, blue, green, yellow, as matplotlib's viridis: also in grey, more is lighter. */
const SCALE = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;

/** The colour of a share. */
export function heatColour(share: number): readonly [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (SCALE.length - 1);
  const low = Math.min(SCALE.length - 2, Math.floor(at));
  const mix = (channel: 0 | 1 | 2) =>
    Math.round(SCALE[low]![channel] * (1 - at + low) + SCALE[low + 1]![channel] * (at - low));
  return [mix(0), mix(1), mix(2)];
}

/** How far a judged place colours its surroundings, and half the length of the bar of a grasp, as shares of half the side. */
const [SPOT, BAR] = [0.045, 0.24];

/**
 * An image of what was seen, grey, with the predicted success of grasps by their places (the first two numbers of a plan, from
 * −1 to 1, x to the right and y upwards) in colours from dark violet to yellow, and the chosen grasp as a bar along which fingers
 * close (the third number: its angle).
 * @param seen `[side × side]`, the nearer the smaller
 * @param scale pixels for each of its pixels
 */
export function heatMap(seen: Float32Array, side: number, { plans, success, chosen }: Thought, scale = 4): Raster {
  const width = side * scale;
  const rgb = new Uint8Array(width * width * 3);
  let [near, far] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of seen) [near, far] = [Math.min(near, value), Math.max(far, value)];
  const heat = new Float32Array(width * width).fill(-1);
  const radius = SPOT * (width / 2);
  const place = (share: number) => ((share + 1) / 2) * width;
  plans.forEach(([x = 0, y = 0], plan) => {
    const [cx, cy] = [place(x), place(-y)];
    for (let row = Math.max(0, Math.floor(cy - radius)); row <= Math.min(width - 1, cy + radius); row++)
      for (let column = Math.max(0, Math.floor(cx - radius)); column <= Math.min(width - 1, cx + radius); column++)
        if (Math.hypot(column + 0.5 - cx, row + 0.5 - cy) <= radius)
          heat[row * width + column] = Math.max(heat[row * width + column]!, success[plan]!);
  });
  for (let at = 0; at < width * width; at++) {
    const [row, column] = [Math.floor(at / width), at % width];
    const value = seen[Math.floor(row / scale) * side + Math.floor(column / scale)]!;
    const grey = 60 + 150 * (far > near ? (far - value) / (far - near) : 0);
    const colour = heat[at]! < 0 ? undefined : heatColour(heat[at]!);
    for (let k = 0; k < 3; k++) rgb[at * 3 + k] = colour ? Math.round(0.1 * grey + 0.9 * colour[k]!) : grey;
  }
  const [x = 0, y = 0, angle = 0] = plans[chosen] ?? [];
  bar(rgb, width, place(x), place(-y), angle);
  return { width, height: width, rgb };
}

/** A white bar with a finger at each end, edged in black. */
function bar(rgb: Uint8Array, width: number, x: number, y: number, angle: number): void {
  const [along, half] = [BAR * (width / 2), 0.07 * (width / 2)];
  const [cos, sin] = [Math.cos(angle), -Math.sin(angle)];
  for (const [grow, colour] of [
    [2.2, 0],
    [1, 255],
  ] as const)
    for (let row = 0; row < width; row++)
      for (let column = 0; column < width; column++) {
        const [dx, dy] = [column + 0.5 - x, row + 0.5 - y];
        const u = Math.abs(dx * cos + dy * sin);
        const v = Math.abs(dy * cos - dx * sin);
        const isBar = u <= along && v <= grow;
        const isFinger = Math.abs(u - along) <= grow + 0.6 && v <= half + grow - 1;
        if (isBar || isFinger) rgb.fill(colour, (row * width + column) * 3, (row * width + column) * 3 + 3);
      }
}
