// How do I write a method of my own? A file with views, parameters and a loss; the library finds it by its path.
import { fewShot, fewShotTable, pretrain } from "autodidact";
import { type Array, np } from "autodidact/array";
import { augment } from "autodidact/data";
import { mlp } from "autodidact/layers";
import { concatenateInputs, embedding, method, twoViews } from "autodidact/methods";
import * as z from "zod";

const unit = (x: Array) => np.divide(x, np.sqrt(np.add(np.sum(np.square(x), 1, { keepdims: true }), 1e-12)));

/** Two views of a sample lie together, and all samples are spread evenly over the sphere. */
export const alignUniform = method({
  name: "align-uniform",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2005.10242",
  summary: "views of a sample align, all samples spread over the sphere",
  needs: [augment], // any kind of data that can be augmented: images, texts, your own
  options: z.object({
    weight: z.number().positive().default(1).describe("weight of uniformity beside alignment"),
    dim: z.int().positive().default(64).describe("width of the space the loss compares in"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 4e-3, weightDecay: 1e-4, batchSize: 128 },

  build({ encoder, modality, options: { weight, dim } }) {
    const network = embedding(encoder, mlp([encoder.embedDim, encoder.embedDim, dim]));
    return {
      views: (sample, rng) => twoViews(modality, sample, rng), // in a worker thread, on plain arrays
      init: (rng) => network.init(rng),
      loss(params, { first, second }) {
        const both = network.apply(params, concatenateInputs([first, second]));
        const [x, y] = np.split(unit(both), 2, 0);
        const align = np.mean(np.sum(np.square(np.subtract(x!, y!)), 1));
        const uniform = np.divide(np.add(uniformity(x!), uniformity(y!)), 2);
        return { loss: np.add(align, np.multiply(weight, uniform)), metrics: { align, uniform } };
      },
    };
  },
});

/** Logarithm of the mean Gaussian potential of all pairs of rows, `[batch, dim]` at unit length. */
function uniformity(rows: Array): Array {
  const [count = 0] = rows.shape;
  const distances = np.subtract(2, np.multiply(2, np.matmul(rows, np.transpose(rows))));
  const potentials = np.subtract(np.sum(np.exp(np.multiply(-2, distances))), count);
  return np.log(np.divide(potentials, count * (count - 1)));
}

async function main() {
  const [data = "examples/omniglot/data/images_background_small1.zip", out = "runs/own-method"] = process.argv.slice(2);
  const run = await pretrain({
    ...{ data, out, method: import.meta.filename, modalityOptions: { imageSize: 28 } },
    encoderOptions: { layers: "10", width: 24, stem: "stride2" },
    training: { epochs: Number(process.env.EPOCHS ?? 6) },
  });
  console.log(fewShotTable(await fewShot({ run, data, shots: [1, 5], queries: 5, episodes: 200 })));
}
if (import.meta.main) void main(); // not awaited: workers and the library import this file for what it exports
