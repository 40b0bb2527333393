import { type Array, np, Rng } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import type { Features } from "../../data/features.ts";
import type { Answers, Modality, Source, TensorRecord } from "../../data/index.ts";
import { labelledEntries } from "../../data/parts/part.ts";
import { labelledUnits, UNLABELLED, unitLabelsOf } from "../../data/tokens/labels.ts";
import { units as unitsAbility } from "../../data/tokens/units.ts";
import { tokens as tokensAbility } from "../../encoders/abilities.ts";
import type { Encoder, InitialParams, Inputs, Params } from "../../encoders/index.ts";
import { compile, type Device } from "../../engine/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { batchFor, readBatches, refuseInfinite, specsOf, stack } from "../../training/features.ts";

/** Most labelled tokens that a linear head is fitted to: with more it does not become better, only slower. */
export const MOST_TOKENS = 60_000;

/** How many times as many tokens are read as are drawn, so that these are of many samples. */
const SPARE = 8;

/** Entries, drawn by the seed, that have so many labelled tokens together; in their order, or all if they have fewer. */
function enough(entries: Int32Array, countOf: (entry: number) => number, most: number, seed: number): Int32Array {
  const drawn: number[] = [];
  let sum = 0;
  for (const at of new Rng(seed).split("entries").permutation(entries.length)) {
    if (sum >= most) break;
    drawn.push(entries[at]!);
    sum += countOf(entries[at]!);
  }
  return Int32Array.from(drawn).sort();
}

/** A vector for each token of a batch of samples, `[rows, count, dim]`. */
export interface TokenVectors {
  readonly count: number;
  readonly dim: number;
  of(rows: readonly TensorRecord[]): Promise<Float32Array> | Float32Array;
  dispose(): Promise<void>;
}

export interface TokenFeatureOptions {
  readonly modality: Modality<unknown>;
  readonly source: Source<unknown>;
  readonly answers: Answers;
  /** Entries to read; by default all that have a label. */
  readonly indices?: Int32Array | undefined;
  /** Most tokens, drawn by the seed; by default all. */
  readonly most?: number | undefined;
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** The encoder's vectors of tokens. @throws UserError when it has none */
export async function encodedTokens(
  encoder: Encoder,
  params: InitialParams,
  modality: Modality<unknown>,
  device?: Device,
): Promise<TokenVectors> {
  const tokens = offerOf(encoder, tokensAbility);
  if (!tokens) throw new UserError(`encoder ${encoder.name} has no tokens that labels could be of`);
  const { count, width, prefix, encode } = tokens;
  const batchSize = Math.min(64, batchFor(modality, encoder));
  const apply = (weights: Params, inputs: Inputs): { tokens: Array } => {
    const all = encode(weights, inputs);
    return { tokens: prefix === 0 ? all : np.split(all, [prefix], 1)[1]! };
  };
  const program = await compile(apply, [params, specsOf(modality, batchSize)], { device, name: "tokens" });
  return {
    ...{ count, dim: width },
    async of(rows) {
      const vectors = new Float32Array(rows.length * count * width);
      for (let start = 0; start < rows.length; start += batchSize) {
        const part = rows.slice(start, start + batchSize);
        const { tokens: result } = await program.run(params, stack(part, batchSize));
        const { data } = await result.read();
        result.dispose();
        vectors.set(data.subarray(0, part.length * count * width), start * count * width);
      }
      refuseInfinite(vectors, `encoder ${encoder.name}`);
      return vectors;
    },
    dispose: () => program.dispose(),
  };
}

/**
 * A row for each labelled token, with its label as an index into the outputs; `indices` are the entries. What lies beyond
 * the encoder's length has no row.
 * @throws UserError when the data have no units, or none of their labels could be read
 */
export async function tokenFeatures(vectors: TokenVectors, options: TokenFeatureOptions): Promise<Features> {
  const { modality, source, answers, most, seed = 0, onProgress } = options;
  const units = offerOf(modality, unitsAbility);
  if (!units) throw new UserError(`${modality.name} data have no units that labels could be of`);
  const { classes = [], labels = new Int32Array() } = source;
  const counts = labelledUnits(classes);
  const countOf = (entry: number) => counts[labels[entry]!] ?? 0;
  const { indices = labelledEntries(labels) } = options;
  const read = most === undefined ? indices : enough(indices, countOf, SPARE * most, seed);
  const total = read.reduce((sum, entry) => sum + countOf(entry), 0);
  const share = most === undefined ? 1 : Math.min(1, most / total);
  const texts = unitLabelsOf(classes);
  const { count, dim } = vectors;
  // A little room, as what is drawn is not exactly that share.
  let data = new Float32Array(Math.ceil(Math.min(total, share * total * 1.1 + 1000)) * dim);
  const entries: number[] = [];
  const rowLabels: number[] = [];
  const broken: { name: string; reason: string }[] = [];
  let done = 0;
  for await (const batch of readBatches({ modality, source, indices: read }, broken, 64)) {
    const found = await vectors.of(batch.rows);
    for (const [row, entry] of batch.indices.entries()) {
      const rng = new Rng(seed).split("tokens", entry);
      const text = texts[labels[entry]!] ?? [];
      for (const [token, unit] of units(batch.rows[row]!).entries()) {
        const label = text[unit];
        if (unit < 0 || label === undefined || label === UNLABELLED || (share < 1 && !rng.chance(share))) continue;
        const at = entries.length * dim;
        if (at + dim > data.length) {
          const larger = new Float32Array(2 * data.length + dim);
          larger.set(data);
          data = larger;
        }
        const from = (row * count + token) * dim;
        data.set(found.subarray(from, from + dim), at);
        entries.push(entry);
        rowLabels.push(answers.outputs.indexOf(label));
      }
    }
    done += batch.rows.length;
    onProgress?.(done + broken.length, read.length);
  }
  if (entries.length === 0)
    throw new UserError(
      `none of the labels of tokens could be read${broken[0] ? `; the first: ${broken[0].reason}` : ""}`,
    );
  return {
    data: data.subarray(0, entries.length * dim),
    rows: entries.length,
    dim,
    indices: Int32Array.from(entries),
    labels: Int32Array.from(rowLabels),
    classes: answers.outputs,
    broken,
  };
}
