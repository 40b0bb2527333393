import type { SideFeatures, Source } from "../../data/index.ts";
import type { InitialParams } from "../../encoders/index.ts";
import { embedder } from "../../training/features.ts";
import type { Run } from "../../training/run/run.ts";
import { sharedSides } from "../../training/run/shared-space.ts";
import { untrainedParams } from "../../training/untrained.ts";
import { contestantNames, type Role } from "../worth/names.ts";
import type { Placer, SideSample } from "./side-vectors.ts";

/** A placer with what tables call it. */
export interface Contestant extends Placer {
  readonly role: Role;
  readonly name: string;
  readonly note?: string | undefined;
}

/** The encoder of one side, compiled; for any parameters of the run's shapes. */
export async function sideEmbedder({ encoder, params, modality, config }: Run) {
  const { dim, embed, dispose } = await embedder(encoder, params, modality, { device: config.training.device });
  const placer: Placer = { dim, place: (_side, samples) => embed(samples.map(({ tensors }) => tensors)) };
  return { placer, embed, dispose };
}

/** The encoders of all sides. */
export interface SideEmbedders {
  placer(params?: InitialParams): Placer;
  dispose(): Promise<void>;
}

/** Compiles the encoder of each side. @throws UserError as `sharedSides` */
export async function sideEmbedders(run: Run): Promise<SideEmbedders> {
  const embedders = new Map<string, Awaited<ReturnType<typeof sideEmbedder>>>();
  const dispose = async () => {
    for (const { dispose: free } of embedders.values()) await free();
  };
  let dim = 0;
  try {
    for (const [name, side] of await sharedSides(run)) {
      dim = side.encoder.embedDim;
      embedders.set(name, await sideEmbedder(side));
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    placer: (params) => ({
      dim,
      place: (side: string, samples: readonly SideSample[]) =>
        embedders.get(side)!.embed(
          samples.map(({ tensors }) => tensors),
          params,
        ),
    }),
    dispose,
  };
}

/**
 * The run's encoder and what it is compared with: the same encoder untrained, and the baseline of such pairs.
 * @param fitted pairs that the baseline is fitted to; without them there is none
 */
export async function contestantsOf(
  run: Run,
  embedders: SideEmbedders,
  { source, fitted }: { readonly source: Source<unknown>; readonly fitted: Source<unknown> | undefined },
): Promise<Contestant[]> {
  const { config, modality, modalityDefinition } = run;
  const untrained = await untrainedParams(config, fitted ?? source, config.training.seed + 1);
  const baseline = fitted && (await modalityDefinition.sides?.baseline?.(modality, fitted));
  return [
    { role: "untrained", name: contestantNames.untrained, ...embedders.placer(untrained) },
    ...(baseline ? [byFeatures(baseline)] : []),
    pretrainedOf(embedders),
  ];
}

/** The run's own encoder. */
export const pretrainedOf = ({ placer }: SideEmbedders): Contestant => ({
  ...{ role: "pretrained", name: contestantNames.pretrained },
  ...placer(),
});

const byFeatures = ({ name, note, dim, of }: SideFeatures): Contestant => ({
  ...{ role: "baseline", name, note, dim },
  place: (side, samples) =>
    of(
      side,
      samples.map(({ sample }) => sample),
    ),
});
