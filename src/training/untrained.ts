import {
  type Array,
  constant,
  np,
  Rng,
  scalar,
  type Tensor,
  type Traced,
  type TreeRecord,
  tree,
} from "../array/index.ts";
import type { Source } from "../data/index.ts";
import type { InitialParams } from "../encoders/index.ts";
import { compile, read } from "../engine/index.ts";
import { BrokenSample, UserError } from "../foundation/errors.ts";
import { inTraining, isStatistic } from "../layers/scope.ts";
import { learnedParams } from "../methods/learned.ts";
import type { Method, MethodParams } from "../methods/method.ts";
import { stackViews, toBatch } from "./data/loader-task.ts";
import type { RunConfig } from "./run/config.ts";
import type { Parts } from "./run/parts.ts";
import { buildMethod, buildParts } from "./run/run.ts";
import { arrange } from "./run/settle.ts";

/** Batches that the statistics are computed from, and the largest size of one. */
const [BATCHES, LARGEST] = [4, 256];
/** Running averages forget a tenth of their start with each pass: a few dozen settle them. */
const PASSES = 40;

type Config = Pick<RunConfig, "data" | "encoder" | "method" | "modality" | "training">;

/**
 * A run's encoder before it learned anything: random weights, and BatchNorm's running statistics gathered as the run gathers
 * them (see `withStatistics`). So an untrained and a trained encoder differ in nothing but their weights.
 * @param config the run's
 * @param source where the statistics come from
 */
export const untrainedParams = async (config: Config, source: Source<unknown>, seed: number): Promise<InitialParams> =>
  withStatistics(config, (await buildParts(config)).encoder.init(new Rng(seed)), source, seed);

/**
 * An encoder's parameters with BatchNorm's running statistics as a run gathers them: in passes of its method in training
 * mode over the views that it makes of the data; those of the teacher, if the run is evaluated by one. Where the method
 * cannot be built, because a run that it builds on is gone, the samples themselves are passed through the encoder.
 * @param config the run's
 * @param source where the views come from
 */
export async function withStatistics(
  config: Config,
  params: InitialParams,
  source: Source<unknown>,
  seed: number,
): Promise<InitialParams> {
  if (!tree.paths(params).some(isStatistic)) return params;
  const parts = await buildParts(config);
  const built = await buildMethod(config, config.data.entries).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  const samples = await arrange(parts.modalityDefinition, source, config.modality);
  try {
    const from = { params, samples, seed, batchSize: config.training.batchSize, entries: config.data.entries };
    const evaluated = (state: State) => learnedParams<Tensor>(parts.methodDefinition, state.params, state.memory);
    const calibrated = built && (await calibrate(built.method, from, (state) => evaluated(state).encoder));
    // A method that passes nothing through the encoder as a whole leaves it without statistics.
    return calibrated ?? (await calibrate(encoding(parts), from, (state) => state.params.encoder)) ?? params;
  } finally {
    if (samples !== source) await samples.close();
  }
}

type State = {
  readonly params: MethodParams;
  readonly memory: InitialParams;
};

interface From {
  readonly params: InitialParams;
  readonly samples: Source<unknown>;
  readonly seed: number;
  readonly batchSize: number;
  /** Samples of the run, whose indices a method may know. */
  readonly entries: number;
}

/** The parameters with the statistics that the method's passes leave; undefined if it leaves any of them as it was. */
async function calibrate(
  method: Method,
  from: From,
  evaluated: (state: State) => InitialParams,
): Promise<InitialParams | undefined> {
  const rng = new Rng(from.seed).split("calibration");
  const batches = await batchesOf(method, from, rng);
  if (batches.length === 0) return undefined;
  const params: MethodParams = { ...method.init(rng.split("params")), encoder: from.params };
  let state: State = { params, memory: method.initMemory?.(rng.split("memory"), params) ?? {} };
  const pass = (current: Traced<State>, views: TreeRecord<Array>): TreeRecord<Array> => {
    const { result, statistics } = inTraining(undefined, () =>
      method.loss(current.params, views, current.memory, { progress: constant(scalar(0)) }),
    );
    const renewed = tree.entries<Array>(current).flatMap(([path, leaf]) => {
      const value = statistics.get(leaf);
      return value ? [[path, value] as const] : [];
    });
    return renewed.length > 0 ? Object.fromEntries(renewed) : { loss: result.loss };
  };
  const program = await compile(pass, [state, batches[0]!], { name: "calibration" });
  try {
    for (let at = 0; at < PASSES; at++) {
      const renewed = (await read(await program.run(state, batches[at % batches.length]!))) as Record<string, Tensor>;
      state = tree.map<Tensor, Tensor>(state, (leaf, path) => renewed[path] ?? leaf) as unknown as State;
    }
  } finally {
    await program.dispose();
  }
  const initial = new Set(tree.leaves<Tensor>(from.params));
  const isLeft = tree.entries<Tensor>(evaluated(state)).some(([path, leaf]) => isStatistic(path) && initial.has(leaf));
  return isLeft ? undefined : evaluated(state);
}

/** Batches of the method's views, drawn from all of the samples, which are often sorted by class. */
async function batchesOf(
  method: Method,
  { samples, batchSize, entries }: From,
  rng: Rng,
): Promise<TreeRecord<Tensor>[]> {
  const size = Math.min(batchSize, LARGEST, samples.length);
  const batches: TreeRecord<Tensor>[] = [];
  let views: TreeRecord<Tensor>[] = [];
  for (const index of rng.permutation(samples.length)) {
    const sample = await samples.read(index).catch((error: unknown) => {
      if (error instanceof BrokenSample) return undefined;
      throw error;
    });
    if (sample === undefined) continue;
    views.push(method.views(sample, rng.split("views", index), { index: index % entries, label: -1 }));
    if (views.length < size) continue;
    batches.push(toBatch({ leaves: stackViews(views), broken: [] }));
    views = [];
    if (batches.length === BATCHES) break;
  }
  // Of few samples, some of which are broken, there is one smaller batch.
  return batches.length === 0 && views.length > 0 ? [toBatch({ leaves: stackViews(views), broken: [] })] : batches;
}

/** The encoder on the samples themselves, as a method. */
const encoding = ({ encoder, modality }: Parts): Method => ({
  views: (sample) => modality.tensors(sample),
  init: (rng) => ({ encoder: encoder.init(rng) }),
  loss: (params, inputs) => ({ loss: np.sum(encoder.apply(params.encoder, inputs as Record<string, Array>)) }),
});
