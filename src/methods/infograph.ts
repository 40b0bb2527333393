import * as z from "zod";
import { type Array, np, type Rng, type Traced } from "../array/index.ts";
import { graphs } from "../data/graph.ts";
import { nodes } from "../encoders/abilities.ts";
import { UserError } from "../foundation/errors.ts";
import { relu } from "../layers/functions/relu.ts";
import { linear } from "../layers/linear.ts";
import { localGlobal, localGlobalAccuracy } from "../objectives/contrastive/local-global.ts";
import { method } from "./method.ts";
import { nodesPresent, requireWhole } from "./parts/graphs/nodes.ts";
import { smallGraphs } from "./parts/presets.ts";

/** Three layers with a ReLU each, beside a linear one: the network that both nodes and graphs go through. */
function transform(width: number) {
  const layers = [0, 1, 2].map(() => linear(width, width));
  const shortcut = linear(width, width);
  const bound = Math.sqrt(3 / width);
  // Xavier's, as in the authors' code.
  const start = (rng: Rng, layer: typeof shortcut) => ({
    ...layer.init(rng),
    weight: rng.uniforms([width, width], -bound, bound),
  });
  const init = (rng: Rng) => ({
    layers: layers.map((layer, at) => start(rng.split("layer", at), layer)),
    shortcut: start(rng.split("shortcut"), shortcut),
  });
  return {
    init,
    apply: (params: Traced<ReturnType<typeof init>>, x: Array): Array =>
      np.add(
        layers.reduce((input, layer, at) => relu(layer.apply(params.layers[at]!, input)), x),
        shortcut.apply(params.shortcut, x),
      ),
  };
}

/**
 * InfoGraph: each node scores high with its own graph and low with the others of the batch.
 * Sun et al. 2020, https://arxiv.org/abs/1908.01000, the unsupervised part, as in the authors' code
 * (https://github.com/sunfanyunn/InfoGraph). Differs from it: the vectors of the encoder's last layer, not of all layers side by side;
 * the graph's is pooled as the encoder pools, by sum in the paper: `--pooling sum`.
 */
export const infograph = method({
  name: "infograph",
  family: "contrastive",
  paper: "https://arxiv.org/abs/1908.01000",
  summary: "each node agrees with its own graph, and not with the others of the batch",
  needs: [graphs, nodes],
  options: z.object({}),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0, batchSize: 128 },
  presets: { small: { ...smallGraphs, summary: "the gradient is clipped" } },
  defaultEncoder: "gin",

  build({ encoder, modality }) {
    if ("readout" in modality.specs)
      throw new UserError("infograph: this data is one graph, and there is none to tell it from; use --method dgi");
    requireWhole("infograph", modality.graphs);
    const { width, encode, pool } = encoder.nodes;
    const [local, global] = [transform(width), transform(width)];
    return {
      views: (sample) => ({ graph: modality.tensors(sample) }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        local: local.init(rng.split("local")),
        global: global.init(rng.split("global")),
      }),
      loss(params, { graph }) {
        if (graph.nodes?.shape[0] === 1)
          throw new UserError("infograph: a batch of one graph has no other to tell it from; use larger batches");
        const vectors = encode(params.encoder, graph);
        const there = nodesPresent(graph);
        const [nodes, wholes] = [local.apply(params.local, vectors), global.apply(params.global, pool(vectors, graph))];
        return {
          loss: localGlobal(nodes, wholes, { there }),
          metrics: { accuracy: localGlobalAccuracy(nodes, wholes, { there }) },
        };
      },
    };
  },
});
