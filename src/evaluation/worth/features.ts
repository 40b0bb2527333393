import { type Array, Rng, sizeOf, type Tensor, tree } from "../../array/index.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import type { Encoder, InitialParams, Inputs, Params } from "../../encoders/index.ts";
import { compile, read } from "../../engine/index.ts";
import { inTraining, isStatistic } from "../../layers/scope.ts";
import { collect, everyEntry, type FeatureOptions, readBatches, specsOf, stack } from "../../training/features.ts";

/**
 * The values of the tensors themselves, unchanged, as vectors.
 * @param name what tables call them: `raw pixels`
 */
export const rawValues = (modality: Modality<never>, name: string): Extractor => ({
  name,
  extract(source, onProgress) {
    const dim = Object.values(modality.specs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return collect({ modality, source, onProgress }, dim, (rows) => {
      const vectors = new Float32Array(rows.length * dim);
      rows.forEach((row, at) => {
        let offset = at * dim;
        for (const { data } of Object.values(row)) {
          vectors.set(data, offset);
          offset += data.length;
        }
      });
      return vectors;
    });
  },
});

/** Number of batches that BatchNorm's statistics are computed from. */
const CALIBRATION = 4;

/**
 * Random initial parameters with BatchNorm's running statistics taken from the data, so that "untrained" means
 * untrained weights and not activations that were never normalised.
 */
export async function untrainedParams(encoder: Encoder, options: FeatureOptions, seed: number): Promise<InitialParams> {
  const params = encoder.init(new Rng(seed));
  if (!tree.paths(params).some(isStatistic)) return params;
  // Drawn from all of the data, which are often sorted by class.
  const { indices = everyEntry(options.source) } = options;
  const order = new Rng(seed).split("calibration").permutation(indices.length);
  let batchSize = 0;
  const batches: Record<string, Tensor>[] = [];
  for await (const { rows } of readBatches({ ...options, indices: order.map((at) => indices[at]!) }, [])) {
    // Small data make one batch; of larger data the last, incomplete batch is dropped.
    batchSize ||= rows.length;
    if (rows.length === batchSize) batches.push(stack(rows, batchSize));
    if (batches.length === CALIBRATION) break;
  }
  if (batches.length === 0) return params;
  const calibrate = (weights: Params, inputs: Inputs) => {
    const { statistics } = inTraining(undefined, () => encoder.apply(weights, inputs));
    return tree.map<Array, Array>(weights, (leaf) => statistics.get(leaf) ?? leaf);
  };
  const program = await compile(calibrate, [params, specsOf(options.modality, batchSize)], { name: "calibration" });
  try {
    let current: InitialParams = params;
    // Running averages forget a tenth of their start with each batch: a few dozen passes settle them.
    for (let pass = 0; pass < 40; pass++) {
      const updated = await program.run(current, batches[pass % batches.length]!);
      current = (await read(updated)) as InitialParams;
    }
    return current;
  } finally {
    await program.dispose();
  }
}
