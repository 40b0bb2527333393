import * as z from "zod";
import { type Array, float32, lax, np, type Rng, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { layerNorm } from "../layers/norms/layer-norm.ts";
import { bilinearContrast } from "../objectives/contrastive/bilinear-contrast.ts";
import { type Arrays, companion, type Host, type Seen } from "./agent.ts";
import { linearHe } from "./parts/linear-he.ts";
import { movingAverage } from "./parts/moving-average.ts";
import { shifted } from "./parts/shifted.ts";
import { imageShape, isImage } from "./parts/trunk.ts";
import { observationAt } from "./parts/windows.ts";

/**
 * CURL: of two random crops of the same observation, the agent's latent of one is identified among the latents of the others of
 * the batch by that of a moving average of the agent, compared by qᵀ W k.
 * Srinivas et al. 2020, https://arxiv.org/abs/2004.04136. Differs from the paper: crops are shifts by up to `shift` pixels at the same
 * size, with the border repeated (https://arxiv.org/abs/2004.13649), so that the agent sees whole images when it acts; its own losses
 * are not of crops; the layer of 50 with LayerNorm stands beside the agent's values, not before them. W starts as the identity, not
 * uniform in [0, 1).
 */
export const curl = companion({
  name: "curl",
  paper: "https://arxiv.org/abs/2004.04136",
  summary: "identify an image by another crop of it among the batch's",
  options: z.object({
    latent: bounds.width().default(50).describe("width of the latents that are compared"),
    shift: z.int().min(1).max(64).default(4).describe("pixels by which a crop is shifted at most"),
    momentum: z.number().min(0).max(1).default(0.95).describe("momentum of the copy that the keys are of"),
  }),

  build({ observation, options: { latent, shift, momentum }, trunk }) {
    const images = Object.entries(observation).filter(([, box]) => isImage(box));
    if (images.length === 0)
      throw new UserError("curl compares crops of images, and no observation of this environment is one; use spr");
    const [layer, norm] = [linearHe(trunk.width, latent), layerNorm(latent, 1e-5)];
    const init = (rng: Rng) => ({
      head: { layer: layer.init(rng.split("layer")), norm: norm.init() },
      weight: float32(
        Float32Array.from({ length: latent ** 2 }, (_, at) => Number(at % (latent + 1) === 0)),
        [latent, latent],
      ),
    });
    type Head = Traced<ReturnType<typeof init>["head"]>;
    const headOf = (params: Head, z: Array): Array => norm.apply(params.norm, layer.apply(params.layer, z));
    /** Images shifted by two random numbers of each row. */
    const cropped = (seen: Seen, [down, right]: readonly Array[]): Seen => ({
      ...seen,
      ...Object.fromEntries(
        images.map(([name, box]) => {
          const values = seen[name]!;
          const maps = np.reshape(values, [values.shape[0]!, ...imageShape(box)]);
          return [name, np.reshape(shifted(maps, { down: down!, right: right! }, shift), values.shape)];
        }),
      ),
    });

    return {
      length: 1,
      uniforms: 4,
      init: (rng) => init(rng),
      initMemory: (_rng, { head }, control: Host) => ({ control, head }),
      loss({ head, weight }, windows, memory, { encode, uniforms }) {
        const seen = observationAt(windows, 0);
        const numbers = np.split(uniforms(), 4, 1);
        const queries = headOf(head, encode(cropped(seen, numbers.slice(0, 2))));
        const keys = headOf(memory.head, encode(cropped(seen, numbers.slice(2)), memory.control as Arrays));
        const { loss, accuracy } = bilinearContrast(queries, lax.stopGradient(keys), weight);
        return { loss, metrics: { accuracy } };
      },
      afterStep: ({ head }, memory, control) => ({
        control: movingAverage(memory.control as Arrays, control, momentum),
        head: movingAverage(memory.head, head, momentum),
      }),
    };
  },
});
