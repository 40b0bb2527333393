import * as z from "zod";
import { Rng } from "../array/rng.ts";
import { type Environment, environment, type Step } from "./environment.ts";
import { type Action, assertAction, box, discrete, type Observation } from "./space.ts";

/**
 * Deep Sea: a diver falls through a grid of N × N cells, a row a step, and moves left or right. Right costs 0.01 / N a step, and
 * only who goes right in every row finds the treasure, worth 1: chance finds it once in 2ᴺ episodes. Which of the two actions is
 * right differs from cell to cell. Osband et al. 2019, https://arxiv.org/abs/1908.03568; rules of bsuite's `deep_sea`.
 */
export const deepSea = environment({
  name: "deep-sea",
  summary: "dive to a treasure that only exploration finds; moving towards it costs a little",
  source: "https://arxiv.org/abs/1908.03568",
  options: z.object({
    size: z.int().min(2).max(100).default(10).describe("rows and columns (N)"),
    mapping: z.int().min(0).default(0).describe("seed of which action goes right in each cell"),
  }),
  make: async ({ size, mapping }) => new DeepSea(size, mapping),
  success: "treasure",
});

class DeepSea implements Environment {
  readonly observationSpace;
  readonly actionSpace = discrete(2);
  readonly #size: number;
  /** The action that goes right, by cell. */
  readonly #right: Uint8Array;
  #row = 0;
  #column = 0;

  constructor(size: number, mapping: number) {
    this.#size = size;
    this.observationSpace = { state: box([size * size], 0, 1) };
    const rng = new Rng(mapping).split("deep-sea");
    this.#right = Uint8Array.from({ length: size * size }, () => rng.integer(0, 1));
  }

  #observe(): Observation {
    const state = new Float32Array(this.#size ** 2);
    if (this.#row < this.#size) state[this.#row * this.#size + this.#column] = 1;
    return { state };
  }

  reset(): Observation {
    this.#row = 0;
    this.#column = 0;
    return this.#observe();
  }

  step(action: Action): Step {
    assertAction(this.actionSpace, action);
    const size = this.#size;
    const goesRight = action[0] === this.#right[this.#row * size + this.#column];
    const isLast = this.#column === size - 1;
    const treasure = goesRight && isLast && this.#row === size - 1 ? 1 : 0;
    this.#column = goesRight ? Math.min(this.#column + 1, size - 1) : Math.max(this.#column - 1, 0);
    this.#row += 1;
    const reward = treasure - (goesRight ? 0.01 / size : 0);
    const isOver = this.#row === size;
    return { observation: this.#observe(), reward, terminated: isOver, truncated: false, info: { treasure } };
  }

  save(): Float64Array {
    return Float64Array.of(this.#row, this.#column);
  }

  restore([row = 0, column = 0]: Float64Array): void {
    this.#row = row;
    this.#column = column;
  }

  [Symbol.dispose](): void {}
}
