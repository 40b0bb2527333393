// How do I teach it a kind of data of my own? One object: how to open it, what the encoder reads, how to augment it.
// own-modality-train.ts trains on it; so does `npx autodidact pretrain examples/waves.csv --modality ./examples/own-modality.ts`.
import { readFile } from "node:fs/promises";
import type { Features, Source } from "autodidact";
import { float32, type Rng } from "autodidact/array";
import { augment, BrokenSample, modality } from "autodidact/data";
import * as z from "zod";

const LENGTH = 64;
const classes = ["saw", "sine", "square"];

/** A line of the CSV is a label and 64 numbers. */
async function open(path: string): Promise<Source<Float32Array>> {
  const lines = (await readFile(path, "utf8")).trim().split("\n");
  return {
    length: lines.length,
    classes,
    labels: Int32Array.from(lines, (line) => classes.indexOf(line.split(",", 1)[0] ?? "")),
    name: (index) => `${path}:${index + 1}`,
    async read(index) {
      const values = Float32Array.from((lines[index] ?? "").split(",").slice(1), Number);
      if (values.length === LENGTH && values.every(Number.isFinite)) return values;
      throw new BrokenSample(`not ${LENGTH} numbers`); // counted, named and skipped
    },
    manifest: path, // what a worker thread opens again
    close: async () => undefined,
  };
}

/** The baseline that a representation must beat: here the values as they are. */
async function extract({ length, read, labels }: Source<unknown>): Promise<Features> {
  const indices = Int32Array.from({ length }, (_, index) => index);
  const rows = await Promise.all(Array.from(indices, read));
  const data = Float32Array.from(rows.flatMap((values) => (values instanceof Float32Array ? [...values] : [])));
  return { data, rows: length, dim: LENGTH, indices, labels, classes, broken: [] };
}

export const series = modality({
  ...{ name: "series", summary: "CSV of 64 numbers a line", defaultMethod: "simclr", defaultEncoder: "vit" },
  options: z.object({ noise: z.number().min(0).default(0.2).describe("deviation of the noise in a view") }),
  abilities: [augment], // enough for SimCLR, BYOL, VICReg …; with `perturb` beside it for MAE too
  inputs: { values: 2 }, // axes: channels and time
  recognises: async () => undefined, // it is always named
  ...{ open, reopen: (path) => open(String(path)), infer: async () => ({}), accepts: {} },
  size: () => ({ amount: LENGTH, unit: "values" }),
  baseline: async () => ({ name: "raw values", extract }),
  build: ({ noise }) => ({
    ...{ name: "series", specs: { values: { dtype: "float32", shape: [1, LENGTH] } } },
    tensors: (values) => ({ values: float32(values, [1, LENGTH]) }),
    show: (values) => ({ text: [...values.slice(0, 8)].join(" ") }),
    augment(values: Float32Array, rng: Rng) {
      const [start, scale] = [rng.integer(0, LENGTH - 1), rng.uniform(0.7, 1.4)];
      return values.map((_, at) => scale * (values[(start + at) % LENGTH] ?? 0) + rng.normal(0, noise));
    },
  }),
});
