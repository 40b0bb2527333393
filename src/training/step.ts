import {
  type Array,
  filled,
  Rng,
  scalar,
  sizeOf,
  specOf,
  type Tensor,
  type TensorSpec,
  type Tree,
  tree,
} from "../array/index.ts";
import type { Params } from "../encoders/encoder.ts";
import { compile, type DeviceTensor } from "../engine/index.ts";
import { withLora } from "../layers/lora.ts";
import type { Method, MethodParams } from "../methods/method.ts";
import { adamw } from "./optimizers/adamw.ts";
import { larc } from "./optimizers/larc.ts";
import { lars } from "./optimizers/lars.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { sgd } from "./optimizers/sgd.ts";
import type { Training } from "./run/config.ts";
import type { StepNumbers } from "./schedule.ts";
import { afterPass, type Numbers, passOf, type State, type StepOptions } from "./traced-step.ts";
import { type TrainableOptions, trainable } from "./trainable.ts";

/** Elements of an array that the allocator puts with other large ones. */
const PIN = 2 ** 15;

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
  /**
   * @param step counts from 0
   * @param observe whether the features are read
   * @param rest the other batches of a step that takes several
   */
  run(
    state: DeviceState,
    batch: Tree<Tensor>,
    step: number,
    numbers: StepNumbers,
    observe?: boolean,
    rest?: () => Promise<Tree<Tensor>>,
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

/** A step's numbers as its program takes them. @param step 0 for the first */
export function numbersOf(
  step: number,
  { learningRate, constantRate = learningRate, weightDecay, progress }: StepNumbers,
  training: Pick<StepOptions, "weightDecay">,
): Readonly<Record<keyof Numbers, Tensor>> {
  return {
    ...{ learningRate: scalar(learningRate), constantRate: scalar(constantRate) },
    ...{ weightDecay: scalar(weightDecay ?? training.weightDecay), step: scalar(step + 1), progress: scalar(progress) },
  };
}

/** Reads a scalar and frees it. */
export async function numberOf(tensor: DeviceTensor): Promise<number> {
  const value = Number((await tensor.read()).data[0]);
  tensor.dispose();
  return value;
}

/** What a step is compiled from. */
export interface CompileStepOptions {
  readonly method: Method;
  readonly optimizer: Optimizer;
  readonly training: StepOptions;
  readonly state: DeviceState;
  readonly batch: Tree<Tensor>;
  readonly name: string;
  readonly profile?: string;
}

/**
 * Compiles a training step into one program: forward, backward, clipping, update, the method's memory, and the running
 * average of the weights.
 */
export async function compileStep(options: CompileStepOptions): Promise<TrainingStep> {
  const { method, optimizer, training, name, profile } = options;
  const { params: structure } = options.state;
  const pass = passOf(method, structure, training);
  const after = afterPass(method, optimizer, structure, training);
  const step = (current: State<Array>, inputs: Params, numbers: Numbers, noise: { rows?: Array }) => {
    const { loss, metrics, observed, ...passed } = pass.trace(current, inputs, numbers.progress, noise.rows);
    return { ...after(current, passed, numbers), loss, metrics, observed };
  };

  // The step outlives the initial state, which is as large as any later one, so it keeps no reference to it.
  const examples = [options.state, options.batch].map((example) => tree.map<TensorSpec, TensorSpec>(example, specOf));
  const numbersExample = numbersOf(0, { learningRate: 0, progress: 0 }, training);
  const build = (noise: Record<string, TensorSpec>) =>
    compile(step, [...examples, numbersExample, noise], { ...training, name, profile });
  let program = await build({});
  // The first tracing counted the random numbers that layers draw; if there are any, they become an input.
  const noiseShape = pass.noiseShape();
  const isNoisy = noiseShape[0] > 0;
  if (isNoisy) {
    await program.dispose();
    program = await build({ rows: filled(noiseShape, 0) });
  }
  let pin: DeviceTensor | undefined;
  const noiseSource = new Rng(training.seed).split("noise");

  return {
    async run(current, inputs, index, numbers, observe = false) {
      const noise: Record<string, Tensor> = {};
      if (isNoisy) noise.rows = noiseSource.split(index).uniforms(noiseShape);
      const outputs = await program.run(current, inputs, numbersOf(index, numbers, training), noise);
      const left = tree.leaves<Tensor | DeviceTensor>(current).filter((leaf) => "dispose" in leaf);
      // One array near the end of the allocator's heap stays, so that what lies before it is not returned to the system.
      pin ??= left.findLast(({ shape }) => sizeOf(shape) >= PIN);
      for (const leaf of left) if (leaf !== pin) leaf.dispose();
      const metrics: Record<string, number> = {};
      for (const [key, tensor] of Object.entries(outputs.metrics)) metrics[key] = await numberOf(tensor);
      const seen = outputs.observed.features;
      const features = observe ? await seen?.read() : undefined;
      seen?.dispose();
      return {
        ...(features ? { features } : {}),
        state: outputs.state,
        loss: await numberOf(outputs.loss),
        gradNorm: await numberOf(outputs.gradNorm),
        metrics,
      };
    },
    dispose: () => program.dispose(),
  };
}
