import type { Rng } from "../../array/rng.ts";
import { float32, int32, type Tensor, type TensorSpec } from "../../array/tensor.ts";
import type { RunFiles } from "../../data/modality.ts";
import { shortened } from "../../foundation/printable.ts";
import { rowEncoder } from "./columns/encode.ts";
import { learnedIn, listed } from "./columns/learned.ts";
import type { TableOptions } from "./options.ts";
import { isEncoded, MISSING, type TableSample } from "./row.ts";

/** Longest line that shows a row. */
const LINE = 300;
/** Longest name and value in it. */
const LONGEST = 40;

export function buildTable(options: TableOptions, files?: RunFiles) {
  const learned = learnedIn(files);
  const { places, encode, corrupt } = rowEncoder(learned, options.scale);
  const plain = rowEncoder(learned, "standard");
  const shape = [places.length];
  const sizes = places.map(({ size }) => size);
  const specs: Readonly<Record<string, TensorSpec>> = {
    values: { dtype: "float32", shape },
    codes: { dtype: "int32", shape, below: sizes },
  };
  const ofView = [options.corruption].flat();
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const standardised = (sample: TableSample): Float32Array => {
    const { values, codes } = plain.encode(sample);
    const vector = new Float32Array(total);
    let start = 0;
    places.forEach(({ isNumber, size }, at) => {
      if (isNumber) vector.set([values[at]!, codes[at]!], start);
      else vector[start + codes[at]!] = 1;
      start += size;
    });
    return vector;
  };
  return {
    name: "table",
    specs,
    tensors(sample: TableSample): Readonly<Record<string, Tensor>> {
      const { values, codes } = encode(sample);
      return { values: float32(values, shape), codes: int32(codes, shape) };
    },
    unseen({ codes }: Readonly<Record<string, Tensor>>): string | undefined {
      if (codes?.data.some((code) => code !== MISSING)) return undefined;
      return `no value in the columns that the encoder reads: ${listed(learned.columns.map(({ name }) => name))}`;
    },
    augment: (sample: TableSample, rng: Rng, view = 0): TableSample =>
      corrupt(sample, rng, ofView[view] ?? ofView.at(-1) ?? 0),
    perturb: (sample: TableSample, rng: Rng): TableSample => corrupt(sample, rng, options.perturbation),
    columns: { sizes, areNumbers: places.map(({ isNumber }) => isNumber), corrupt, standardised },
    show: (sample: TableSample) => ({ text: inWords(sample) }),
  } as const;
}

/** `age 39, job nurse, …` */
function inWords(sample: TableSample): string {
  if (isEncoded(sample)) return `a view of ${sample.codes.length} columns`;
  const short = (text: string) => shortened(text.replaceAll(/\s+/g, " "), LONGEST);
  let text = "";
  for (const [name, cell] of sample.cells) {
    if (cell === undefined) continue;
    const next = `${text === "" ? "" : ", "}${short(name)} ${short(String(cell))}`;
    if (text.length + next.length > LINE - 2) return `${text} …`;
    text += next;
  }
  return text || "an empty row";
}
