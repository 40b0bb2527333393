import { Rng } from "../../array/index.ts";
import type { Source } from "../../data/source.ts";
import { draw } from "../../evaluation/language/complete.ts";
import { tokenModel } from "../../evaluation/language/token-model.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import { openRunData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { isMolecule, type MoleculeSample } from "./molecule.ts";
import { rdkitRecord } from "./rdkit/service.ts";
import { moleculeIn } from "./record.ts";

export interface GenerateOptions {
  /** A run of `causal-lm` on SMILES. */
  readonly run: Run;
  /** SMILES to write; 1,000 by default. */
  readonly count?: number;
  /** 1, the default: the model's probabilities; 0: always the most likely token. */
  readonly temperature?: number;
  /** Number of most likely tokens to draw from; 0, the default, for all. */
  readonly topK?: number;
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Generated {
  /** As the model wrote them. */
  readonly written: readonly string[];
  /** RDKit's canonical SMILES of each; undefined for what is no molecule. */
  readonly canonical: readonly (string | undefined)[];
  /** Molecules among what was written. */
  readonly valid: number;
  /** Different ones among the valid. */
  readonly unique: number;
  /** Those of the different ones that the run was not trained on. */
  readonly novel: number;
}

/** SMILES that are written at the same time. */
const TOGETHER = 64;

/** Canonical SMILES of the molecules of a run's data. */
async function moleculesOf(source: Source<unknown>): Promise<Set<string>> {
  const known = new Set<string>();
  for (let start = 0; start < source.length; start += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, source.length - start) }, (_, at) => start + at);
    const read = await Promise.all(some.map((index) => source.read(index).catch(skipBroken)));
    // The run is one on molecules.
    for (const sample of read as readonly (MoleculeSample | undefined)[])
      if (sample && isMolecule(sample)) known.add(sample.smiles);
  }
  return known;
}

async function write(options: GenerateOptions): Promise<string[]> {
  const { run, count = 1000, temperature = 1, topK = 0, seed = 0, onProgress } = options;
  const batchSize = Math.min(TOGETHER, count);
  const { vocabulary, maskToken, predict, dispose } = await tokenModel(run, { batchSize });
  try {
    if (maskToken !== undefined)
      throw new UserError(
        `${run.path}: method ${run.config.method.name} fills masks and writes nothing; causal-lm does`,
      );
    const { ids, length } = vocabulary;
    const rng = new Rng(seed).split("generate");
    const written: string[] = [];
    while (written.length < count) {
      const rows = Array.from({ length: Math.min(batchSize, count - written.length) }, () => [ids.begin]);
      const rngs = rows.map((_, row) => rng.split(written.length + row));
      const isOpen = rows.map(() => true);
      for (let step = 0; step < length - 2 && isOpen.includes(true); step++) {
        const next = await predict(
          rows,
          rows.map((row) => [row.length - 1]),
        );
        rows.forEach((row, at) => {
          if (!isOpen[at]) return;
          const token = draw(next[at]![0]!, (id) => id === ids.end || !vocabulary.isSpecial(id), {
            ...{ temperature, topK, rng: rngs[at]! },
          });
          if (token === ids.end) isOpen[at] = false;
          else row.push(token);
        });
      }
      written.push(...rows.map((row) => vocabulary.decode(row)));
      onProgress?.(written.length, count);
    }
    return written;
  } finally {
    await dispose();
  }
}

/**
 * Lets a language model write SMILES, and counts those that are molecules, different and new, as MOSES does: Polykovskiy et al.
 * 2020, https://doi.org/10.3389/fphar.2020.565644.
 * @throws UserError when the run's method does not write SMILES, or its data, which new molecules are compared with, are gone
 */
export async function generateMolecules(options: GenerateOptions): Promise<Generated> {
  const { run } = options;
  if (run.modality.name !== "molecule")
    throw new UserError(`${run.path}: a run on ${run.modality.name}, not on molecules`);
  // Before anything is written, which takes minutes: the data may be gone.
  const trainedOn = await openRunData(run, undefined);
  try {
    const written = await write(options);
    const canonical = await Promise.all(
      written.map(async (smiles) => {
        const record = await rdkitRecord(smiles).catch(skipBroken);
        return record && moleculeIn(record).smiles;
      }),
    );
    const valid = canonical.filter((smiles) => smiles !== undefined);
    const unique = new Set(valid);
    const known = unique.size > 0 ? await moleculesOf(trainedOn) : new Set<string>();
    return {
      ...{ written, canonical, valid: valid.length, unique: unique.size },
      novel: [...unique].filter((smiles) => !known.has(smiles)).length,
    };
  } finally {
    await trainedOn.close();
  }
}
