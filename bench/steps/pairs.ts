/** The training step on images with captions; torch_pairs.py has the same. */
import { type Array, int32, np, type Rng, scalar, type Traced } from "../../src/array/index.ts";
import { towers } from "../../src/modalities/pair/encoders/towers.ts";
import { smallPairs } from "../../src/modalities/pair/methods/small.ts";
import { clip } from "../../src/objectives/contrastive/clip.ts";
import { bare, blockFlops, count, type MethodCase } from "./parts.ts";

/** CLIP with the towers of its preset `small`: a ResNet-10 of width 24 on 32 pixels, two blocks of width 128 on 24 tokens. */
function clipStep(): MethodCase {
  const [batchSize, size, tokens, vocabulary] = [128, 32, 24, 4096];
  const { imageWidth, textWidth, textDepth, dim } = smallPairs.encoderOptions;
  const encoder = towers.build(
    towers.options.parse(smallPairs.encoderOptions),
    {
      pixels: { dtype: "float32", shape: [3, size, size] },
      ids: { dtype: "int32", shape: [tokens] },
      mask: { dtype: "int32", shape: [tokens] },
    },
    { size: vocabulary, length: tokens, ids: { pad: 0, unknown: 1, begin: 2, end: 3 } },
  );
  const init = (rng: Rng) => ({ encoder: encoder.init(rng), logits: { scale: scalar(Math.log(1 / 0.07)) } });
  // The stem halves the map; one block a stage, of which those after the first halve it again and have a 1 × 1 shortcut.
  const convolutions = [0, 1, 2, 3].reduce(
    (sum, stage) => {
      const [channels, area] = [imageWidth * 2 ** stage, (size / 2 ** (stage + 1)) ** 2];
      return sum + area * channels * (stage === 0 ? 18 * channels : (9 + 1) * (channels / 2) + 9 * channels);
    },
    (size / 2) ** 2 * 27 * imageWidth,
  );
  const projections = dim * (8 * imageWidth + textWidth);
  return {
    batchSize,
    flops:
      3 * batchSize * (2 * (convolutions + projections + batchSize * dim) + textDepth * blockFlops(tokens, textWidth)),
    batch: (rng) => ({
      pixels: rng.normals([batchSize, 3, size, size]),
      ids: int32(Int32Array.from(count(batchSize * tokens, () => rng.integer(4, vocabulary - 1))), [batchSize, tokens]),
      // Captions of 8 to 24 tokens.
      mask: int32(
        Int32Array.from(
          count(batchSize, () => rng.integer(8, tokens)).flatMap((length) =>
            count(tokens, (at) => Number(at < length)),
          ),
        ),
        [batchSize, tokens],
      ),
    }),
    method: bare({
      init,
      loss(params: Traced<ReturnType<typeof init>>, batch: Readonly<Record<"pixels" | "ids" | "mask", Array>>) {
        const [images, texts] = np.split(encoder.apply(params.encoder, batch), 2, 1);
        return { loss: clip(images!, texts!, { scale: np.exp(np.minimum(params.logits.scale, Math.log(100))) }) };
      },
    }),
  };
}

export const pairCases: Readonly<Record<string, () => MethodCase>> = { clip: clipStep };
