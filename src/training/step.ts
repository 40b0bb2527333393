import {
  type Array,
  filled,
  np,
  Rng,
  scalar,
  sizeOf,
  specOf,
  type Tensor,
  type TensorSpec,
  type Traced,
  type Tree,
  tree,
} from "../array/index.ts";
import type { Params } from "../encoders/encoder.ts";
import { compile, type DeviceTensor, valueAndGrad } from "../engine/index.ts";
import { withLora } from "../layers/lora.ts";
import { inTraining } from "../layers/scope.ts";
import type { Method, MethodParams } from "../methods/method.ts";
import { adamw } from "./optimizers/adamw.ts";
import { larc } from "./optimizers/larc.ts";
import { lars } from "./optimizers/lars.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { sgd } from "./optimizers/sgd.ts";
import type { Training } from "./run/config.ts";
import type { StepNumbers } from "./schedule.ts";
import { frozenByName, type TrainableOptions, trainable } from "./trainable.ts";
import { type UpdateOptions, updateOf } from "./update.ts";

/** Elements of an array that the allocator puts with other large ones. */
const PIN = 2 ** 15;

/** The state that a run carries between steps, as trees of one leaf type. */
export type State<Leaf> = {
  readonly params: Tree<Leaf>;
  /** For each slot of the optimiser, a leaf per trained parameter, by path. */
  readonly optimizer: Readonly<Record<string, Readonly<Record<string, Leaf>>>>;
  readonly memory: Tree<Leaf>;
  /** Running average of the parameters; empty when none is kept. */
  readonly ema: Tree<Leaf>;
};

export type HostState = State<Tensor>;
export type DeviceState = State<Tensor | DeviceTensor>;

/** Wraps host tensors as device tensors; reading them hands them over. */
export const toDevice = (state: DeviceState) =>
  tree.map<Tensor | DeviceTensor, DeviceTensor>(state, (leaf) =>
    "read" in leaf ? leaf : { ...leaf, read: async () => leaf, dispose: () => undefined },
  );

export interface StepResult {
  readonly state: DeviceState;
  readonly loss: number;
  readonly gradNorm: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** The encoder's features of the batch, `[rows, width]`; absent unless observed, or if the method does not use it. */
  readonly features?: Tensor;
}

export interface TrainingStep {
  /** `step` counts from 0; the features are read when `observe` says so. */
  run(
    state: DeviceState,
    batch: Tree<Tensor>,
    step: number,
    numbers: StepNumbers,
    observe?: boolean,
  ): Promise<StepResult>;
  dispose(): Promise<void>;
}

export function optimizerOf({
  optimizer,
  beta2,
  nesterov,
}: Pick<Training, "optimizer" | "beta2"> & Partial<Pick<Training, "nesterov">>): Optimizer {
  switch (optimizer) {
    case "adamw":
      return adamw({ beta2 });
    case "sgd":
      return sgd({ nesterov });
    case "lars":
      return lars();
    case "larc":
      return larc();
  }
}

export function initialState(
  method: Method,
  optimizer: Optimizer,
  training: Pick<Training, "ema"> & TrainableOptions,
  rng: Rng,
  begin: (params: MethodParams) => MethodParams = (params) => params,
): HostState {
  const begun = begin(method.init(rng.split("params")));
  const { loraRank = 0 } = training;
  const params = loraRank > 0 ? { ...begun, encoder: withLora(begun.encoder, loraRank, rng.split("lora")) } : begun;
  const scales = trainable(params, training);
  const trained = tree.entries<Tensor>(params).filter(([path]) => scales.has(path));
  const zeros = () => Object.fromEntries(trained.map(([path, { shape }]) => [path, filled(shape, 0)]));
  return {
    params,
    optimizer: Object.fromEntries(optimizer.slots.map((slot) => [slot, zeros()])),
    memory: method.initMemory?.(rng.split("memory"), params) ?? {},
    ema: training.ema > 0 ? params : {},
  };
}

/**
 * Compiles a training step into one program: forward, backward, clipping, update, the method's memory, and the running
 * average of the weights.
 */
export async function compileStep(options: {
  readonly method: Method;
  readonly optimizer: Optimizer;
  readonly training: Pick<Training, "ema" | "seed" | "device" | "threads"> &
    Partial<Pick<Training, "frozenStatistics">> &
    UpdateOptions;
  readonly state: DeviceState;
  readonly batch: Tree<Tensor>;
  readonly name: string;
  readonly profile?: string;
}): Promise<TrainingStep> {
  const { method, optimizer, training, name, profile } = options;
  // Frozen parameters are passed through without gradients.
  const scales = trainable(options.state.params, training);
  const updateParams = updateOf(optimizer, options.state.params, training);
  // A part that is not trained sees what it saw when it was; the rest needs the statistics of its own batches.
  const frozen = frozenByName(options.state.params, training.freeze);
  let noiseShape = [0, 0];
  const step = (current: State<Array>, inputs: Params, schedule: Record<string, Array>, noise: { rows?: Array }) => {
    // The trees are the ones that the method created.
    const params = current.params as Traced<MethodParams>;
    const learned = Object.fromEntries(tree.entries<Array>(params).filter(([path]) => scales.has(path)));
    const { aux, gradients, loss } = valueAndGrad((leaves: Readonly<Record<string, Array>>) => {
      const traced = tree.map<Array, Array>(params, (leaf, path) => leaves[path] ?? leaf) as Traced<MethodParams>;
      const kept = tree.entries<Array>(traced).flatMap(([path, leaf]) => (frozen.has(path) ? [leaf] : []));
      const forward = inTraining(
        noise.rows,
        () => method.loss(traced, inputs, current.memory as Params, { progress: schedule.progress! }),
        { frozenStatistics: training.frozenStatistics || new Set(kept) },
      );
      noiseShape = [forward.draws, forward.samples];
      const statistics = Object.fromEntries(
        tree.entries<Array>(traced).flatMap(([path, leaf]) => {
          const value = forward.statistics.get(leaf);
          return value ? [[path, value]] : [];
        }),
      );
      const { loss: value, metrics = {}, memory: returned = current.memory } = forward.result;
      // A teacher run in training mode keeps the statistics of what it saw itself.
      const memory = tree.map<Array, Array>(returned, (leaf) => forward.statistics.get(leaf) ?? leaf) as Params;
      const [weight] = tree.leaves<Array>(traced.encoder);
      const seen = forward.representations.find(({ weights }) => weights === weight);
      const observed: Record<string, Array> = seen ? { features: seen.features } : {};
      return { loss: value, aux: { metrics, memory, statistics, observed } };
    }, learned);

    const update = updateParams(params, gradients, aux.statistics, current.optimizer, {
      learningRate: schedule.learningRate!,
      constantRate: schedule.constantRate!,
      weightDecay: schedule.weightDecay!,
      step: schedule.step!,
    });
    const updated = update.params;
    const memory = method.afterStep?.(updated, aux.memory, { progress: schedule.progress! }) ?? aux.memory;
    const averages = new Map(tree.entries(current.ema));
    const ema =
      training.ema > 0
        ? tree.map<Array, Array>(updated, (leaf, path) =>
            np.add(np.multiply(averages.get(path)!, training.ema), np.multiply(leaf, 1 - training.ema)),
          )
        : {};
    const { metrics, observed } = aux;
    const { optimizer: slots, gradNorm } = update;
    return { state: { params: updated, optimizer: slots, memory, ema }, loss, gradNorm, metrics, observed };
  };

  // The step outlives the initial state, which is as large as any later one, so it keeps no reference to it.
  const examples = [options.state, options.batch].map((example) => tree.map<TensorSpec, TensorSpec>(example, specOf));
  const [learningRate, constantRate, weightDecay] = [scalar(0), scalar(0), scalar(0)];
  const scheduleExample = { learningRate, constantRate, weightDecay, step: scalar(0), progress: scalar(0) };
  const build = (noise: Record<string, TensorSpec>) =>
    compile(step, [...examples, scheduleExample, noise], { ...training, name, profile });
  let program = await build({});
  // The first tracing counted the random numbers that layers draw; if there are any, they become an input.
  const isNoisy = noiseShape[0]! > 0;
  if (isNoisy) {
    await program.dispose();
    program = await build({ rows: filled(noiseShape, 0) });
  }
  let pin: DeviceTensor | undefined;
  const noiseSource = new Rng(training.seed).split("noise");

  return {
    async run(current, inputs, index, numbers, observe = false) {
      const { learningRate: rate, constantRate: constant = rate, weightDecay: decay = training.weightDecay } = numbers;
      const schedule = {
        ...{ learningRate: scalar(rate), constantRate: scalar(constant), weightDecay: scalar(decay) },
        ...{ step: scalar(index + 1), progress: scalar(numbers.progress) },
      };
      const noise: Record<string, Tensor> = {};
      if (isNoisy) noise.rows = noiseSource.split(index).uniforms(noiseShape);
      const outputs = await program.run(current, inputs, schedule, noise);
      const left = tree.leaves<Tensor | DeviceTensor>(current).filter((leaf) => "dispose" in leaf);
      // One array near the end of the allocator's heap stays, so that what lies before it is not returned to the system.
      pin ??= left.findLast(({ shape }) => sizeOf(shape) >= PIN);
      for (const leaf of left) if (leaf !== pin) leaf.dispose();
      const number = async (tensor: DeviceTensor) => {
        const value = Number((await tensor.read()).data[0]);
        tensor.dispose();
        return value;
      };
      const metrics: Record<string, number> = {};
      for (const [key, tensor] of Object.entries(outputs.metrics)) metrics[key] = await number(tensor);
      const seen = outputs.observed.features;
      const features = observe ? await seen?.read() : undefined;
      seen?.dispose();
      return {
        ...(features ? { features } : {}),
        state: outputs.state,
        loss: await number(outputs.loss),
        gradNorm: await number(outputs.gradNorm),
        metrics,
      };
    },
    dispose: () => program.dispose(),
  };
}
