/** The training steps that bench/steps.ts times and bench/profile.ts takes apart; torch_steps.py has the same. */
import { type Array, int32, np, type Rng, type Traced } from "../../src/array/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { vit } from "../../src/encoders/vit.ts";
import { linear } from "../../src/layers/linear.ts";
import { mae } from "../../src/methods/mae.ts";
import { simclr } from "../../src/methods/simclr.ts";
import { image } from "../../src/modalities/image/index.ts";
import { crossEntropy } from "../../src/objectives/supervised/cross-entropy.ts";
import { agentCases } from "./agents.ts";
import { graphCases } from "./graphs.ts";
import { pairCases } from "./pairs.ts";
import { bare, blockFlops, count, type MethodCase, maeFlops, type StepCase, transformer } from "./parts.ts";
import { signalCases } from "./signals.ts";

function vitStep(): MethodCase {
  const [batchSize, tokens, width, depth, patchDim] = [32, 64, 192, 4, 48];
  const { blocks, norm, init: initBody } = transformer(width, 3, depth);
  const patch = linear(patchDim, width);
  const head = linear(width, patchDim);
  const init = (rng: Rng) => ({
    encoder: { patch: patch.init(rng), positions: rng.truncatedNormal([tokens, width]), ...initBody(rng) },
    head: head.init(rng),
  });
  return {
    batchSize,
    flops: 3 * batchSize * (2 * tokens * 2 * patchDim * width + depth * blockFlops(tokens, width)),
    batch: (rng) => ({ x: rng.normals([batchSize, tokens, patchDim]), y: rng.normals([batchSize, tokens, patchDim]) }),
    method: bare({
      init,
      loss({ encoder, head: last }: Traced<ReturnType<typeof init>>, { x, y }: { x: Array; y: Array }) {
        const embedded = np.add(patch.apply(encoder.patch, x), encoder.positions);
        const encoded = blocks.reduce((z, block, index) => block.apply(encoder.blocks[index]!, z), embedded);
        return { loss: np.mean(np.square(np.subtract(head.apply(last, norm.apply(encoder.norm, encoded)), y))) };
      },
    }),
  };
}

function maeStep(): MethodCase {
  const [batchSize, size, width, depth, decoderWidth, decoderDepth] = [64, 64, 192, 12, 128, 2];
  const [patches, kept, patchDim] = [64, 16, 192];
  const modality = image.build(image.options.parse({ imageSize: size, channels: 3 }));
  const encoder = vit.build(vit.options.parse({ size: "tiny", patchSize: 8 }), modality.specs);
  if (!encoder.patches) throw new Error("a ViT has patches");
  const method = mae.build({
    encoder,
    modality,
    options: mae.options.parse({ decoderWidth, decoderDepth, decoderHeads: 4 }),
    samples: 64,
  });
  return {
    batchSize,
    method,
    flops: maeFlops({ batchSize, patches, kept, patchDim, width, depth, decoderWidth, decoderDepth }),
    batch: (rng) => ({
      image: { pixels: rng.normals([batchSize, 3, size, size]) },
      keep: int32(Int32Array.from(count(batchSize, () => [...rng.permutation(patches).slice(0, kept)]).flat()), [
        batchSize,
        kept,
      ]),
    }),
  };
}

function textStep(): MethodCase {
  const [batchSize, tokens, width, depth, vocabulary, masked] = [32, 128, 256, 4, 8192, 20];
  const { blocks, norm, init: initBody } = transformer(width, 4, depth);
  const head = linear(width, vocabulary);
  const integers = (rng: Rng, shape: number[], below: number) =>
    int32(
      Int32Array.from(
        count(
          shape.reduce((a, b) => a * b),
          () => rng.integer(0, below - 1),
        ),
      ),
      shape,
    );
  const init = (rng: Rng) => ({
    encoder: {
      words: rng.truncatedNormal([vocabulary, width]),
      positions: rng.truncatedNormal([tokens, width]),
      ...initBody(rng),
    },
    head: head.init(rng),
  });
  return {
    batchSize,
    flops: 3 * batchSize * (depth * blockFlops(tokens, width) + 2 * masked * width * vocabulary),
    batch: (rng) => ({
      ids: integers(rng, [batchSize, tokens], vocabulary),
      where: int32(Int32Array.from(count(batchSize, (row) => count(masked, (at) => row * tokens + at * 6)).flat()), [
        batchSize * masked,
      ]),
      labels: integers(rng, [batchSize * masked], vocabulary),
    }),
    method: bare({
      init,
      loss(
        { encoder, head: last }: Traced<ReturnType<typeof init>>,
        { ids, where, labels }: { ids: Array; where: Array; labels: Array },
      ) {
        const embedded = np.add(np.take(encoder.words, ids, 0), encoder.positions);
        const encoded = blocks.reduce((z, block, index) => block.apply(encoder.blocks[index]!, z), embedded);
        const rows = np.take(np.reshape(norm.apply(encoder.norm, encoded), [batchSize * tokens, width]), where, 0);
        return { loss: crossEntropy(head.apply(last, rows), labels) };
      },
    }),
  };
}

function resnetStep(): MethodCase {
  const [batchSize, size] = [64, 32];
  const modality = image.build(image.options.parse({ imageSize: size, channels: 3 }));
  const encoder = resnet.build(resnet.options.parse({ layers: "18", stem: "small" }), modality.specs);
  const method = simclr.build({ encoder, modality, options: simclr.options.parse({}), samples: 64 });
  // Stem; two blocks per stage, the first of which halves the map and has a 1 × 1 shortcut; projector.
  const convolutions = [0, 1, 2, 3].reduce(
    (sum, stage) => {
      const [channels, area] = [64 * 2 ** stage, (size / 2 ** stage) ** 2];
      const first = stage === 0 ? 9 * channels : (9 + 1) * (channels / 2);
      return sum + area * channels * (first + 3 * 9 * channels);
    },
    size * size * 27 * 64,
  );
  const pixels = (rng: Rng) => ({ pixels: rng.normals([batchSize, 3, size, size]) });
  return {
    batchSize,
    method,
    flops: 3 * 2 * batchSize * 2 * (convolutions + 512 * 512 + 512 * 128),
    batch: (rng) => ({ first: pixels(rng), second: pixels(rng) }),
  };
}

const cases: Readonly<Record<string, () => StepCase>> = {
  vit: vitStep,
  mae: maeStep,
  text: textStep,
  resnet: resnetStep,
  ...signalCases,
  ...graphCases,
  ...pairCases,
  ...agentCases,
};

export const stepNames = Object.keys(cases);

/** The step of that name; without one, the script ends with a line that says so. */
export function stepCase(name: string): StepCase {
  const make = cases[name];
  if (make) return make();
  console.error(`no step "${name}"; there are ${stepNames.join(", ")}`);
  process.exit(2);
}
