/** The training steps on recordings, series and video; torch_signals.py has the same. */
import { type Array, int32, np, type Rng, type Traced } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { wave } from "../../src/encoders/wave.ts";
import { conv1d } from "../../src/layers/conv.ts";
import { gelu } from "../../src/layers/functions/gelu.ts";
import { relu } from "../../src/layers/functions/relu.ts";
import { linear } from "../../src/layers/linear.ts";
import { batchNorm } from "../../src/layers/norms/batch-norm.ts";
import { mae } from "../../src/methods/mae.ts";
import { randomTubes } from "../../src/methods/parts/masks.ts";
import { drawDistractors, spanMask } from "../../src/methods/parts/span-masks.ts";
import { wav2vec2 } from "../../src/methods/wav2vec2.ts";
import { audio } from "../../src/modalities/audio/index.ts";
import { video } from "../../src/modalities/video/index.ts";
import { crossEntropy } from "../../src/objectives/supervised/cross-entropy.ts";
import { stack } from "../../src/training/features.ts";
import { bare, blockFlops, count, type MethodCase, maeFlops } from "./parts.ts";

function audioStep(): MethodCase {
  const [batchSize, samples, classes, width] = [32, 16000, 12, 64];
  const shapes = [
    [1, 10, 5],
    [width, 8, 4],
    [width, 4, 2],
    [width, 4, 2],
    [width, 4, 2],
  ] as const;
  const layers = shapes.map(([input, kernel, stride]) => ({
    conv: conv1d(input, width, kernel, { stride }),
    norm: batchNorm(width),
  }));
  const head = linear(width, classes);
  let length = samples;
  let macs = 0;
  for (const [input, kernel, stride] of shapes) {
    length = Math.floor((length - kernel) / stride) + 1;
    macs += length * input * kernel * width;
  }
  const init = (rng: Rng) => ({
    encoder: { layers: layers.map(({ conv, norm }) => ({ conv: conv.init(rng), norm: norm.init() })) },
    head: head.init(rng),
  });
  return {
    batchSize,
    flops: 3 * 2 * batchSize * macs,
    batch: (rng) => ({
      wave: rng.normals([batchSize, 1, samples]),
      labels: int32(Int32Array.from(count(batchSize, () => rng.integer(0, classes - 1))), [batchSize]),
    }),
    method: bare({
      init,
      loss({ encoder, head: last }: Traced<ReturnType<typeof init>>, { wave, labels }: { wave: Array; labels: Array }) {
        const features = layers.reduce(
          (x, { conv, norm }, index) =>
            relu(norm.apply(encoder.layers[index]!.norm, conv.apply(encoder.layers[index]!.conv, x))),
          wave,
        );
        return { loss: crossEntropy(head.apply(last, np.mean(features, -1)), labels) };
      },
    }),
  };
}

/** wav2vec 2.0's convolutions. */
const FRONT = { kernels: [10, 3, 3, 3, 3, 2, 2], strides: [5, 2, 2, 2, 2, 2, 2] } as const;

/** Multiplications and additions of wav2vec 2.0's convolutions, forward, and the length of their result. */
function frontOf(samples: number, width: number): { macs: number; length: number } {
  return FRONT.kernels.reduce(
    ({ macs, length }, kernel, layer) => {
      const next = Math.floor((length - kernel) / FRONT.strides[layer]!) + 1;
      return { macs: macs + next * kernel * (layer === 0 ? 1 : width) * width, length: next };
    },
    { macs: 0, length: samples },
  );
}

/** Strided convolutions without norms: wav2vec 2.0's on two seconds. */
function stridedStep(): MethodCase {
  const [batchSize, samples, width] = [8, 32000, 128];
  const layers = FRONT.kernels.map((kernel, layer) =>
    conv1d(layer === 0 ? 1 : width, width, kernel, { stride: FRONT.strides[layer] }),
  );
  const init = (rng: Rng) => ({ encoder: { layers: layers.map((layer, index) => layer.init(rng.split(index))) } });
  return {
    batchSize,
    flops: 3 * 2 * batchSize * frontOf(samples, width).macs,
    batch: (rng) => ({ wave: rng.normals([batchSize, 1, samples]) }),
    method: bare({
      init,
      loss({ encoder }: Traced<ReturnType<typeof init>>, { wave: input }: { wave: Array }) {
        const features = layers.reduce((x, layer, index) => gelu(layer.apply(encoder.layers[index]!, x)), input);
        return { loss: np.mean(np.square(features)) };
      },
    }),
  };
}

/** Dilated convolutions: TS2Vec's ten residual blocks. */
function dilatedStep(): MethodCase {
  const [batchSize, length, width, depth, kernel] = [16, 256, 64, 10, 3];
  const layers = count(2 * depth, (index) =>
    conv1d(width, width, kernel, { dilation: 2 ** Math.floor(index / 2), padding: "same", bias: true }),
  );
  const init = (rng: Rng) => ({ encoder: { layers: layers.map((layer, index) => layer.init(rng.split(index))) } });
  return {
    batchSize,
    flops: 3 * 2 * batchSize * length * kernel * width * width * layers.length,
    batch: (rng) => ({ x: rng.normals([batchSize, width, length]) }),
    method: bare({
      init,
      loss({ encoder }: Traced<ReturnType<typeof init>>, { x: input }: { x: Array }) {
        const conv = (index: number, x: Array) => layers[index]!.apply(encoder.layers[index]!, gelu(x));
        const features = count(depth, (block) => 2 * block).reduce(
          (x, index) => np.add(x, conv(index + 1, conv(index, x))),
          input,
        );
        return { loss: np.mean(np.square(features)) };
      },
    }),
  };
}

/** A grouped convolution: wav2vec 2.0's for positions, between two linear layers. */
function groupedStep(): MethodCase {
  const [batchSize, tokens, width, kernel, groups] = [16, 100, 256, 128, 16];
  const [before, after] = [linear(width, width), linear(width, width)];
  const positions = conv1d(width, width, kernel, { groups, padding: "same", bias: true });
  const init = (rng: Rng) => ({
    encoder: { before: before.init(rng), positions: positions.init(rng), after: after.init(rng) },
  });
  return {
    batchSize,
    flops: 3 * 2 * batchSize * tokens * width * (2 * width + (kernel * width) / groups),
    batch: (rng) => ({ x: rng.normals([batchSize, tokens, width]) }),
    method: bare({
      init,
      loss({ encoder }: Traced<ReturnType<typeof init>>, { x }: { x: Array }) {
        const seen = before.apply(encoder.before, x);
        const places = gelu(positions.apply(encoder.positions, np.transpose(seen, [0, 2, 1])));
        const placed = np.add(seen, np.transpose(places, [0, 2, 1]));
        return { loss: np.mean(np.square(after.apply(encoder.after, placed))) };
      },
    }),
  };
}

/** wav2vec 2.0 on two seconds of 16 kHz: 99 features, about half of them masked, 100 distractors, two codebooks of 320. */
function wav2vec2Step(): MethodCase {
  const [batchSize, seconds, convWidth, width, depth, heads] = [8, 2, 128, 256, 4, 4];
  const modality = audio.build(audio.options.parse({ window: seconds, input: "wave" }));
  const encoder = wave.build(wave.options.parse({ convWidth, width, depth, heads }), modality.specs);
  if (!encoder.latents) throw new Error("the encoder has latents");
  const options = wav2vec2.options.parse({});
  const method = wav2vec2.build({ encoder, modality, options, samples: 64 });
  const { macs, length } = frontOf(16000 * seconds, convWidth);
  const hidden = Math.round(length * (1 - (1 - options.maskProbability) ** options.maskLength));
  const { codeDim, projectionDim, groups, codes, maskLength, distractors } = options;
  // The codes are chosen by a product with one-hot rows of all groups.
  const quantiser = convWidth * groups * codes + codes * codeDim + codeDim * projectionDim + width * projectionDim;
  const positions = (128 * width * width) / 16;
  const body = length * (convWidth * width + positions) + hidden * (quantiser + hidden * projectionDim);
  return {
    batchSize,
    method,
    flops: 3 * batchSize * (2 * (macs + body) + depth * blockFlops(length, width)),
    batch: (rng) => ({
      input: { wave: rng.normals([batchSize, 1, 16000 * seconds]) },
      ...stack(
        count(batchSize, () => ({
          hidden: int32(spanMask(rng, [length], hidden, maskLength), [hidden]),
          drawn: drawDistractors(rng, hidden, distractors),
        })),
        batchSize,
      ),
    }),
  };
}

/** VideoMAE: 16 frames of 64 pixels, 512 tubelets of 2 × 8 × 8, tubes of 90 % masked. */
function videoMaeStep(): MethodCase {
  const [batchSize, size, frames, width, depth, decoderWidth, decoderDepth] = [16, 64, 16, 192, 12, 96, 2];
  const [tubelets, inSlice, patchDim] = [512, 6, 384];
  const kept = inSlice * 8;
  const modality = video.build(video.options.parse({ imageSize: size, frames, channels: 3 }));
  const encoder = vit.build(vit.options.parse({ size: "tiny", patchSize: [2, 8, 8] }), modality.specs);
  if (!encoder.patches) throw new Error("a ViT has patches");
  const decoder = { decoderWidth, decoderDepth, decoderHeads: 3 };
  const options = mae.options.parse({ maskRatio: 0.9, masks: "tube", ...decoder });
  const method = mae.build({ encoder, modality, options, samples: 64 });
  return {
    batchSize,
    method,
    flops: maeFlops({ batchSize, patches: tubelets, kept, patchDim, width, depth, decoderWidth, decoderDepth }),
    batch: (rng) => ({
      image: { pixels: rng.normals([batchSize, 3, frames, size, size]) },
      ...stack(
        count(batchSize, () => ({ keep: int32(randomTubes(rng, [8, 8, 8], inSlice), [kept]) })),
        batchSize,
      ),
    }),
  };
}

export const signalCases: Readonly<Record<string, () => MethodCase>> = {
  audio: audioStep,
  strided: stridedStep,
  dilated: dilatedStep,
  grouped: groupedStep,
  wav2vec2: wav2vec2Step,
  // The same step of ours against PyTorch with the distractors gathered, as fairseq does it.
  "wav2vec2-gathered": wav2vec2Step,
  videomae: videoMaeStep,
};
