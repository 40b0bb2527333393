import { Rng, type Tensor, type Tree, tree } from "../array/index.ts";
import type { Modality, Source } from "../data/index.ts";
import type { Encoder, InitialParams } from "../encoders/index.ts";
import type { Device, DeviceTensor } from "../engine/index.ts";
import type { Method, MethodParams } from "../methods/method.ts";
import { collect, type Embedder, embedder, extractOutputs } from "./features.ts";
import type { DeviceState } from "./step.ts";

export interface EpochStart {
  /** Runs the method's update of the state before the first step of an epoch. */
  run(method: Method, state: DeviceState, epoch: number): Promise<DeviceState>;
  dispose(): Promise<void>;
}

/** Compiles the method's update between epochs, if it has one. */
export function epochStart(options: {
  readonly encoder: Encoder;
  readonly modality: Modality<unknown>;
  readonly source: Source<unknown>;
  readonly device: Device;
  readonly seed: number;
}): EpochStart {
  const { encoder, modality, source, device, seed } = options;
  let compiled: Embedder | undefined;
  return {
    async run(method, state, epoch) {
      if (!method.beforeEpoch) return state;
      const params = await toHost(state.params);
      const memory = await toHost(state.memory);
      // The trees are the ones that the method created.
      const given = { params: params as MethodParams, memory: memory as InitialParams };
      const weights = given.params.encoder;
      const changed = await method.beforeEpoch({
        epoch,
        rng: new Rng(seed).split("epoch", epoch),
        ...given,
        async features() {
          compiled ??= await embedder(encoder, weights, modality, { device });
          const { embed } = compiled;
          return collect({ modality, source }, encoder.embedDim, (rows) => embed(rows, weights));
        },
        outputs: (wanted) => extractOutputs(wanted, { encoder, params: weights, modality, source, device }),
      });
      const release = (part: Tree<Tensor | DeviceTensor>) => {
        for (const leaf of tree.leaves<Tensor | DeviceTensor>(part)) if ("dispose" in leaf) leaf.dispose();
      };
      release(state.params);
      release(state.memory);
      return { ...state, ...changed };
    },
    dispose: async () => compiled?.dispose(),
  };
}

async function toHost(part: Tree<Tensor | DeviceTensor>): Promise<Tree<Tensor>> {
  const leaves = tree.leaves<Tensor | DeviceTensor>(part).map((leaf) => ("read" in leaf ? leaf.read() : leaf));
  return tree.unflatten(part, await Promise.all(leaves));
}
