import { type Array, filled, np, Rng, specOf, type Tensor, type TensorSpec, type Tree, tree } from "../array/index.ts";
import type { Params } from "../encoders/encoder.ts";
import { compile, type DeviceTensor } from "../engine/index.ts";
import { release } from "./memory.ts";
import {
  type CompileStepOptions,
  type DeviceState,
  numberOf,
  numbersOf,
  type StepResult,
  type TrainingStep,
} from "./step.ts";
import { afterPass, type ByPath, type Numbers, passOf, type State } from "./traced-step.ts";
import { trainable } from "./trainable.ts";

type Leaf = Tensor | DeviceTensor;

const dispose = (leaves: Tree<Leaf>) => {
  for (const leaf of tree.leaves<Leaf>(leaves)) if ("dispose" in leaf) leaf.dispose();
};

/**
 * Compiles a training step of several batches into two programs: the forward and backward pass of one batch, which adds its
 * gradients to those before, and the update by their mean. It needs the memory of one batch, and of the gradients. Where the loss is a
 * mean over samples, the step is that of one batch as large as all together. The method's memory and the running statistics go
 * from batch to batch; the loss and the metrics are means over the batches, the features the last batch's.
 * @param accumulate batches of a step
 */
export async function compileAccumulatedStep(options: CompileStepOptions, accumulate: number): Promise<TrainingStep> {
  const { method, optimizer, training, name, profile } = options;
  const { params: structure } = options.state;
  const pass = passOf(method, structure, training);
  const after = afterPass(method, optimizer, structure, training);
  const add = (
    current: Pick<State<Array>, "params" | "memory"> & { readonly sums: ByPath },
    inputs: Params,
    { progress }: { readonly progress: Array },
    noise: { rows?: Array },
  ) => {
    const { gradients, ...passed } = pass.trace(current, inputs, progress, noise.rows);
    return { ...passed, sums: mapped(current.sums, (sum, path) => np.add(sum, gradients[path]!)) };
  };
  const update = (current: State<Array>, sums: ByPath, numbers: Numbers) => {
    const gradients = mapped(sums, (sum) => np.multiply(sum, 1 / accumulate));
    return after(current, { gradients, memory: current.memory, statistics: {} }, numbers);
  };

  // Only shapes, so that the initial state is not kept.
  const state = tree.map<TensorSpec, TensorSpec>(options.state, specOf) as State<TensorSpec>;
  const batch = tree.map<TensorSpec, TensorSpec>(options.batch, specOf);
  const { params, memory } = state;
  const trained = trainable(params, training);
  const sums = Object.fromEntries(tree.entries(params).filter(([path]) => trained.has(path)));
  const numbersExample = numbersOf(0, { learningRate: 0, progress: 0 }, training);
  const build = (noise: Record<string, TensorSpec>) =>
    compile(add, [{ params, memory, sums }, batch, { progress: numbersExample.progress }, noise], {
      ...{ ...training, name, profile },
    });
  let adding = await build({});
  // The first tracing counted the random numbers that layers draw; if there are any, they become an input.
  const noiseShape = pass.noiseShape();
  const isNoisy = noiseShape[0] > 0;
  if (isNoisy) {
    await adding.dispose();
    adding = await build({ rows: filled(noiseShape, 0) });
  }
  const updating = await compile(update, [state, sums, numbersExample], { ...training, name: `${name}: update` });
  const noiseSource = new Rng(training.seed).split("noise");
  // On a GPU one program cannot read what another left there.
  const readable = async <Of extends Tree<Leaf>>(leaves: Of): Promise<Of> => {
    if (training.device !== "webgpu") return leaves;
    const values = tree.leaves<Leaf>(leaves).map((leaf) => ("read" in leaf ? leaf.read() : leaf));
    // The tree is the same.
    return tree.unflatten(leaves, await Promise.all(values)) as Of;
  };

  return {
    async run(current, first, index, numbers, observe = false, rest): Promise<StepResult> {
      const inputs = numbersOf(index, numbers, training);
      let added: Readonly<Record<string, Leaf>> = mapped(sums, ({ shape }) => filled(shape, 0));
      let { params: now, memory: remembered } = current;
      // Of this step's own making: what it was given stays whole until the update, should a batch be missing.
      const made = new Set<Leaf>();
      const totals: Record<string, number> = {};
      let features: Tensor | undefined;
      for (let part = 0; part < accumulate; part++) {
        if (part > 0 && !rest) throw new Error(`${name}: a step of ${accumulate} batches got one`);
        const next = part === 0 ? first : await rest!();
        const noise: Record<string, Tensor> = {};
        if (isNoisy) noise.rows = noiseSource.split(index * accumulate + part).uniforms(noiseShape);
        const { progress } = inputs;
        const given = { params: now, memory: remembered, sums: added };
        const outputs = await adding.run(given, next, { progress }, noise);
        if (part === 0) release(added);
        else dispose(added);
        added = outputs.sums;
        now = tree.map<Leaf, Leaf>(now, (leaf, path) => outputs.statistics[path] ?? leaf);
        remembered = outputs.memory;
        const used = new Set(tree.leaves<Leaf>([now, remembered]));
        for (const leaf of [...made].filter((one) => !used.has(one))) {
          dispose(leaf);
          made.delete(leaf);
        }
        for (const leaf of tree.leaves<Leaf>([outputs.statistics, outputs.memory])) made.add(leaf);
        for (const [key, tensor] of Object.entries({ ...outputs.metrics, loss: outputs.loss }))
          totals[key] = (totals[key] ?? 0) + (await numberOf(tensor));
        const seen = outputs.observed.features;
        if (observe && part === accumulate - 1) features = await seen?.read();
        seen?.dispose();
      }
      const whole: DeviceState = { ...current, params: now, memory: remembered };
      const outputs = await updating.run(await readable(whole), await readable(added), inputs);
      dispose(added);
      for (const leaf of made) dispose(leaf);
      dispose(current);
      const renewed = await readable<DeviceState>(outputs.state);
      if (renewed !== outputs.state) dispose(outputs.state);
      const { loss = 0, ...metrics } = mapped(totals, (total) => total / accumulate);
      return {
        ...(features ? { features } : {}),
        ...{ state: renewed, loss, metrics, gradNorm: await numberOf(outputs.gradNorm) },
      };
    },
    async dispose() {
      await adding.dispose();
      await updating.dispose();
    },
  };
}

const mapped = <From, To>(
  record: Readonly<Record<string, From>>,
  to: (value: From, key: string) => To,
): Record<string, To> => Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value, key)]));
