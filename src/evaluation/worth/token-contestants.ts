import { offerOf } from "../../data/ability.ts";
import type { Answers, Source, TensorRecord } from "../../data/index.ts";
import { vocabulary as vocabularyAbility } from "../../data/vocabulary.ts";
import { drawLabels } from "../../training/data/split.ts";
import type { Run } from "../../training/run/run.ts";
import { untrainedParams } from "../../training/untrained.ts";
import { strataOf } from "../labels/supervision.ts";
import { encodedTokens, MOST_TOKENS, type TokenVectors, tokenFeatures } from "../labels/token-features.ts";
import type { Contestant, LabelledFeatures } from "./contestants.ts";
import { contestantNames } from "./names.ts";
import type { Trial } from "./trials.ts";

/** Tokens on either side that the baseline sees. */
const AROUND = 7;
/** Largest vocabulary of which tokens are shown one-hot. */
const ONE_HOT = 64;

/** The token and its neighbours, one-hot: what one would try first, without a learned encoder. */
function neighbours(run: Run): TokenVectors | undefined {
  const vocabulary = offerOf(run.modality, vocabularyAbility);
  if (!vocabulary || vocabulary.size > ONE_HOT) return undefined;
  const { size, length: count, ids: special } = vocabulary;
  const dim = (2 * AROUND + 1) * size;
  const of = (rows: readonly TensorRecord[]): Float32Array => {
    const vectors = new Float32Array(rows.length * count * dim);
    for (const [row, { ids }] of rows.entries())
      for (let token = 0; token < count; token++)
        for (let offset = -AROUND; offset <= AROUND; offset++) {
          const id = Number(ids?.data[token + offset] ?? special.pad);
          vectors[(row * count + token) * dim + (offset + AROUND) * size + id] = 1;
        }
    return vectors;
  };
  return { count, dim, of, dispose: async () => undefined };
}

type Stage = (name: string) => (done: number, total: number) => void;

/**
 * Vectors of labelled tokens: of the run's encoder, of the same untrained, and of the token with its neighbours. Of training
 * data as many as a linear head needs.
 * @param entries of the training data that are read; by default all with a label
 */
export async function tokenExtractorsOf(
  run: Run,
  train: Source<unknown>,
  answers: Answers,
  { stage, seed, entries }: { stage: Stage; seed: number; entries?: Int32Array | undefined },
): Promise<Contestant[]> {
  const { encoder, modality, config } = run;
  const untrained = await untrainedParams(config, train, config.training.seed + 1);
  const extract = (name: string, make: () => Promise<TokenVectors>) => async (source: Source<unknown>) => {
    const vectors = await make();
    try {
      const options = source === train ? { most: MOST_TOKENS * (entries ? 5 : 1), indices: entries } : {};
      return await tokenFeatures(vectors, { modality, source, answers, seed, ...options, onProgress: stage(name) });
    } finally {
      await vectors.dispose();
    }
  };
  const encoded = (role: "pretrained" | "untrained", params: Run["params"]): Contestant => ({
    ...{ role, name: contestantNames[role] },
    extract: extract(`${role} features`, () => encodedTokens(encoder, params, modality, config.training.device)),
  });
  const around = neighbours(run);
  const name = `token and ${AROUND} on either side`;
  return [
    encoded("pretrained", run.params),
    encoded("untrained", untrained),
    ...(around
      ? [{ role: "baseline" as const, name, standardized: false, extract: extract(name, async () => around) }]
      : []),
  ];
}

/** Draws of entries whose tokens have labels. @returns the entries of each draw */
export const drawnEntries = (
  train: Source<unknown>,
  { labelCount, draws, seed }: { labelCount: number; draws: number; seed: number },
): Int32Array[] =>
  Array.from({ length: draws }, (_, draw) =>
    drawLabels(
      strataOf(train, "token-classification").map((label) => Math.min(label, 0)),
      labelCount,
      seed + draw,
    ),
  );

/** A trial for each draw of entries. */
export function tokenTrials(
  bank: LabelledFeatures,
  queries: LabelledFeatures,
  drawn: readonly Int32Array[],
  seed: number,
): Trial[] {
  const test = Int32Array.from({ length: queries.rows }, (_, row) => row);
  return drawn.map((entries, draw) => {
    const chosen = new Set(entries);
    const train = Int32Array.from(bank.entries.keys()).filter((row) => chosen.has(bank.entries[row]!));
    return { train, test, seed: seed + draw };
  });
}
