/** A small world for tests, loaded as a user's file: a dot on a board, seen as an image, is to be moved to a corner. */
import * as z from "zod";
import { Rng } from "../../src/array/index.ts";
import { environment } from "../../src/environments/environment.ts";
import { assertAction, box, discrete } from "../../src/environments/space.ts";

const SIDE = 7;
const MOVES = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
] as const;

export const board = environment({
  name: "board",
  summary: "move a dot to a corner; each step nearer is worth a little",
  source: "a test",
  options: z.object({}),
  success: "there",
  async make() {
    const actionSpace = discrete(4);
    let [row, column, step] = [0, 0, 0];
    const observe = () => {
      const eye = new Float32Array(SIDE * SIDE);
      eye[row * SIDE + column] = 255;
      return { eye };
    };
    const within = (place: number) => Math.max(0, Math.min(SIDE - 1, place));
    return {
      observationSpace: { eye: box([SIDE, SIDE], 0, 255) },
      actionSpace,
      reset(seed) {
        const rng = new Rng(seed);
        [row, column, step] = [rng.integer(0, SIDE - 2), rng.integer(0, SIDE - 2), 0];
        return observe();
      },
      step(action) {
        assertAction(actionSpace, action);
        const [down, right] = MOVES[action[0]!]!;
        const before = row + column;
        [row, column, step] = [within(row + down), within(column + right), step + 1];
        const there = Number(row === SIDE - 1 && column === SIDE - 1);
        const ends = { terminated: there === 1, truncated: there === 0 && step === 20 };
        return { observation: observe(), reward: there + (row + column - before) / 10, ...ends, info: { there } };
      },
      save: () => Float64Array.of(row, column, step),
      restore([first = 0, second = 0, third = 0]) {
        [row, column, step] = [first, second, third];
      },
      [Symbol.dispose]() {},
    };
  },
});
