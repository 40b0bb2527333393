import { Rng } from "../../array/rng.ts";
import type { Picture } from "../../data/picture.ts";

/** Side of a picture, and its margin, in pixels. */
const [SIDE, MARGIN] = [160, 10];
/** Nodes that are drawn, and rounds in which they move. */
const [MOST, ROUNDS] = [200, 120];
const PAPER = 255;
const LINE: Colour = [150, 150, 150];
/** Okabe and Ito's colours, told apart by nearly everyone: https://jfly.uni-koeln.de/color/ */
const COLOURS: readonly Colour[] = [
  ...[[0, 114, 178] as const, [213, 94, 0] as const, [0, 158, 115] as const, [204, 121, 167] as const],
  ...[[230, 159, 0] as const, [86, 180, 233] as const, [90, 90, 90] as const, [160, 140, 0] as const],
];
type Colour = readonly [red: number, green: number, blue: number];

/**
 * A small graph as dots and lines: neighbours attract each other, all nodes push each other away (Fruchterman and
 * Reingold 1991, https://doi.org/10.1002/spe.4380211102). Of a large graph, the first 200 nodes.
 * @param links two places of each edge
 * @param kinds of the nodes: each has a colour
 */
export function drawGraph(count: number, links: ArrayLike<number>, kinds: ArrayLike<number>): Picture {
  const drawn = Math.min(count, MOST);
  const edges: (readonly [number, number])[] = [];
  for (let at = 0; at < links.length; at += 2)
    if (links[at]! < drawn && links[at + 1]! < drawn) edges.push([links[at]!, links[at + 1]!]);
  const { x, y } = layout(drawn, edges);
  const rgb = new Uint8Array(3 * SIDE * SIDE).fill(PAPER);
  const dot = (column: number, row: number, colour: Colour) => {
    if (column >= 0 && row >= 0 && column < SIDE && row < SIDE) rgb.set(colour, 3 * (row * SIDE + column));
  };
  for (const [from, to] of edges) {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x[from]! - x[to]!), Math.abs(y[from]! - y[to]!))));
    for (let step = 0; step <= steps; step++) {
      const share = step / steps;
      dot(Math.round(x[from]! + share * (x[to]! - x[from]!)), Math.round(y[from]! + share * (y[to]! - y[from]!)), LINE);
    }
  }
  const radius = drawn > 60 ? 1.5 : drawn > 25 ? 2.5 : 3.5;
  for (let node = 0; node < drawn; node++)
    for (let row = -4; row <= 4; row++)
      for (let column = -4; column <= 4; column++)
        if (row ** 2 + column ** 2 <= radius ** 2)
          dot(Math.round(x[node]!) + column, Math.round(y[node]!) + row, COLOURS[(kinds[node] ?? 0) % COLOURS.length]!);
  return { width: SIDE, height: SIDE, rgb };
}

/** Places of nodes on the picture. */
function layout(count: number, edges: readonly (readonly [number, number])[]) {
  const rng = new Rng(0).split("layout");
  const [x, y] = [new Float64Array(count), new Float64Array(count)].map((axis) => axis.map(() => rng.uniform(-1, 1)));
  const [alongX, alongY] = [new Float64Array(count), new Float64Array(count)];
  /** The distance of neighbours at which both forces are equal. */
  const rest = 2 / Math.sqrt(Math.max(1, count));
  for (let round = 0; round < ROUNDS; round++) {
    alongX.fill(0);
    alongY.fill(0);
    const push = (one: number, other: number, isEdge: boolean) => {
      const [dx, dy] = [x![one]! - x![other]!, y![one]! - y![other]!];
      const distance = Math.max(1e-3, Math.hypot(dx, dy));
      const force = isEdge ? -distance / rest : rest ** 2 / distance ** 2;
      alongX[one]! += dx * force;
      alongY[one]! += dy * force;
      alongX[other]! -= dx * force;
      alongY[other]! -= dy * force;
    };
    for (let one = 0; one < count; one++) for (let other = 0; other < one; other++) push(one, other, false);
    for (const [from, to] of edges) push(from, to, true);
    const farthest = 0.2 * (1 - round / ROUNDS);
    for (let node = 0; node < count; node++) {
      // A weak pull to the middle, so that parts that are not connected stay in the picture.
      const [dx, dy] = [alongX[node]! - 0.5 * x![node]!, alongY[node]! - 0.5 * y![node]!];
      const scale = Math.min(1, farthest / Math.max(1e-9, Math.hypot(dx, dy)));
      x![node]! += scale * dx;
      y![node]! += scale * dy;
    }
  }
  const fit = (axis: Float64Array) => {
    const [least, most] = [Math.min(...axis), Math.max(...axis)];
    return axis.map((one) =>
      most > least ? MARGIN + ((SIDE - 1 - 2 * MARGIN) * (one - least)) / (most - least) : SIDE / 2,
    );
  };
  return { x: fit(x!), y: fit(y!) };
}
