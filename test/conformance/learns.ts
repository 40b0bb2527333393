import { Rng, type Tensor, type TreeRecord, tree } from "../../src/array/index.ts";
import { offerOf } from "../../src/data/ability.ts";
import type { ModalityDefinition } from "../../src/data/modality.ts";
import { vocabulary } from "../../src/data/vocabulary.ts";
import type { Encoder, EncoderDefinition } from "../../src/encoders/encoder.ts";
import { encoders, reads } from "../../src/encoders/index.ts";
import { UserError } from "../../src/foundation/errors.ts";
import type { FrozenRun } from "../../src/methods/frozen.ts";
import type { Method, MethodDefinition, MethodParams, OutputsWanted } from "../../src/methods/method.ts";
import { extractFeatures, extractOutputs } from "../../src/training/features.ts";
import { observed } from "../../src/training/observe.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../src/training/step.ts";
import { stack } from "../methods/toy.ts";
import type { Opened, Specimen } from "./specimen.ts";

/** So small that a method's program compiles in a second; by the options' names, whatever the method. */
const TINY: Readonly<Record<string, unknown>> = {
  ...{ codeDim: 8, codes: 8, decoderWidth: 16, decoderDepth: 1, decoderHeads: 2, headWidth: 16, headDepth: 1 },
  ...{ projectionDim: 16, hiddenDim: 16, bottleneckDim: 8, predictorDim: 16, predictorWidth: 16, predictorDepth: 1 },
  ...{ predictorHeads: 2, prototypes: 16, clusters: 4, queueSize: 2048, localCrops: 1, localSide: 0.5, latentDim: 8 },
  ...{ headLayers: 2, share: 0.9, permutations: 8, tileDim: 16, attentionDim: 16, heads: 2, views: 2, topBlocks: 1 },
  ...{ inputClusters: 4, distractors: 8, anchors: 4 },
  ...{ contextDim: 16, contextDepth: 1, contextHiddenDim: 16, pairDim: 16, headDropout: 0 },
};
/** What one method alone is given. */
const TINY_METHODS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  supervised: { classes: ["a", "b"] },
  fixmatch: { classes: ["a", "b"] },
  // A way, where other methods have a number.
  clip: { views: "light" },
  siglip: { views: "light" },
  virtex: { views: "light", decoderWidth: 64, dropout: 0 },
  // The centre works against the loss: it drives all that the teacher says apart. It stays where it is.
  dino: { centerMomentum: 1 },
  ibot: { centerMomentum: 1 },
  // Of one batch, so that only the first step has random keys.
  "moco-v2": { queueSize: 8 },
};
/** Steps after which a loss is looked at, where the first ones say nothing. MoCo's first keys are random: easy to tell apart. */
export const SETTLED: Readonly<Record<string, number>> = { "moco-v2": 1 };
const TINY_ENCODERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  vit: { width: 16, depth: 2, heads: 2, mlpRatio: 2, dropPath: 0 },
  resnet: { layers: "8", width: 8, stem: "stride2" },
  transformer: { width: 16, depth: 2, heads: 2, dropout: 0 },
  dilated: { width: 8, outputDim: 16, depth: 2, dropout: 0 },
  patchtst: { width: 16, depth: 2, heads: 2, dropout: 0 },
  gin: { width: 16, depth: 2 },
  gcn: { width: 16 },
  mlp: { width: 32, depth: 2 },
  "ft-transformer": { width: 16, depth: 2, heads: 2, dropout: 0 },
  wave: { convWidth: 8, width: 16, depth: 1, heads: 2, positionKernel: 8, positionGroups: 2 },
};
const BATCH = 8;
const STEPS = 16;
/** Where so many say little: a tone sounds nearly the same backwards, a square on a plain ground looks so when distorted. */
const MORE_STEPS: Readonly<Record<string, number>> = { "arrow-of-time": 48, transformation: 48 };
const RATE = 5e-3;
const training = {
  optimizer: "adamw",
  beta2: 0.999,
  weightDecay: 0,
  gradientClip: 0,
  ema: 0,
  seed: 0,
  device: "cpu",
  threads: 1,
} as const;

export interface Candidate {
  /** By which `--encoder` finds it. */
  readonly name: string;
  readonly definition: EncoderDefinition;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The specimen's own encoders and the built-in ones that read such data. */
export async function candidatesOf({ inputs }: ModalityDefinition, specimen: Specimen): Promise<Candidate[]> {
  const names = new Set([...Object.keys(specimen.encoders ?? {}), ...Object.keys(TINY_ENCODERS)]);
  const all = await Promise.all(
    [...names].map(async (name) => ({
      name,
      definition: await encoders.load(name),
      options: { ...TINY_ENCODERS[name], ...specimen.encoders?.[name] },
    })),
  );
  return all.filter(({ definition }) => reads(definition, inputs));
}

/** Whether kind of data and encoder offer what a method needs; the encoder's own say is heard when it is built. */
export const suits = ({ needs }: MethodDefinition, data: ModalityDefinition, { definition }: Candidate): boolean =>
  needs.every(({ by, name }) =>
    (by === "modality" ? data : definition).abilities.some((ability) => ability.name === name),
  );

/** Options of a method that make it small. */
export const tinyOptions = ({ name, options }: MethodDefinition): Record<string, unknown> => ({
  ...Object.fromEntries(Object.entries(TINY).filter(([option]) => option in options.shape)),
  ...TINY_METHODS[name],
});

/** What came of a method. */
export interface Learned {
  readonly encoder: Encoder;
  readonly losses: readonly number[];
  readonly run: FrozenRun;
}

/**
 * Builds a method on the first encoder that it takes, and takes some steps on one batch.
 * @param runs that methods build on, by the option that names them
 * @throws UserError when it takes none of them
 */
export async function learn(
  definition: MethodDefinition,
  opened: Opened,
  candidates: readonly Candidate[],
  runs: Readonly<Record<string, FrozenRun>> = {},
): Promise<Learned> {
  const options = definition.options.parse(tinyOptions(definition));
  const { encoder, method } = built(definition, options, opened, candidates, runs);
  const samples = Array.from({ length: BATCH }, (_, at) => opened.samples[2 * at]!);
  const batch = stack(
    samples.map((sample, index) => method.views(sample, new Rng(7).split(index), { index, label: index % 2 })),
  );
  const optimizer = optimizerOf(training);
  const start = initialState(method, optimizer, training, new Rng(0));
  const changed = await method.beforeEpoch?.(await firstEpoch(start, encoder, opened));
  const first: DeviceState = { ...start, ...changed };
  const step = await compileStep({ method, optimizer, training, state: first, batch, name: definition.name });
  const losses: number[] = [];
  const steps = MORE_STEPS[definition.name] ?? STEPS;
  let state = first;
  for (let index = 0; index < steps; index++) {
    const result = await step.run(state, batch, index, { learningRate: RATE, progress: index / steps });
    state = result.state;
    losses.push(result.loss);
  }
  const params = (await Promise.all(
    tree.leaves(state.params).map((leaf) => ("read" in leaf ? leaf.read() : leaf)),
  )) as Tensor[];
  await step.dispose();
  const learned = tree.unflatten(state.params, params) as MethodParams;
  return {
    encoder,
    losses,
    run: { path: definition.name, method: definition.name, options, encoder, params: learned },
  };
}

function built(
  definition: MethodDefinition,
  options: Readonly<Record<string, unknown>>,
  { modality, arranged }: Opened,
  candidates: readonly Candidate[],
  runs: Readonly<Record<string, FrozenRun>>,
): { encoder: Encoder; method: Method } {
  let refusal: unknown;
  for (const candidate of candidates) {
    const schema = candidate.definition.options;
    const asked = candidate.definition.name === definition.defaultEncoder ? definition.encoderOptions : {};
    const known = Object.entries({ ...candidate.options, ...asked }).filter(([name]) => name in schema.shape);
    try {
      const settled = schema.parse(Object.fromEntries(known));
      const encoder = observed(candidate.definition.build(settled, modality.specs, offerOf(modality, vocabulary)));
      return { encoder, method: definition.build({ encoder, modality, options, samples: arranged.length, runs }) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

/** What a method is given before the first epoch. */
const firstEpoch = async (
  start: Pick<DeviceState, "params" | "memory">,
  encoder: Encoder,
  { modality, arranged }: Opened,
) => {
  const params = start.params as MethodParams;
  const data = { encoder, params: params.encoder, modality, source: arranged };
  return {
    ...{ epoch: 0, params, memory: start.memory as TreeRecord<Tensor>, rng: new Rng(0) },
    features: () => extractFeatures(data),
    outputs: (wanted: OutputsWanted) => extractOutputs(wanted, data),
  };
};
