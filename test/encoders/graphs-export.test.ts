/** Exported graph encoders give the vectors of training, at any batch, whether edges are a matrix or a list. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { Rng, type Tensor, type Traced } from "../../src/array/index.ts";
import type { Encoder, EncoderDefinition, Inputs, Params } from "../../src/encoders/encoder.ts";
import { gcn } from "../../src/encoders/gcn.ts";
import { gin } from "../../src/encoders/gin.ts";
import { toOnnx } from "../../src/engine/index.ts";
import { graphSpecs } from "../../src/graphs/padding.ts";
import { batch, graphs, shape } from "../fixtures/graph-batch.ts";
import { assertMatches, evaluateOne, weights } from "../fixtures/torch/reference.ts";

const tensors = (inputs: Record<string, Tensor>) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => [name, new OrtTensor(dtype, data, [...shape])]),
  );

for (const definition of [gin, gcn] as readonly Pick<EncoderDefinition, "build" | "options" | "name">[])
  for (const maxNodes of [6, 150])
    test(`${definition.name}, ${maxNodes} nodes: the file gives the same vectors`, async () => {
      const padded = { ...shape, maxNodes };
      const encoder: Encoder = definition.build(definition.options.parse({ width: 6, depth: 2 }), graphSpecs(padded));
      const params = weights(encoder.init(new Rng(0)));
      const [examples] = [graphSpecs(padded)].map((specs) =>
        Object.fromEntries(
          Object.entries(specs).map(([name, { dtype, shape }]) => [name, { dtype, shape: [1, ...shape] }]),
        ),
      );
      const file = await toOnnx(
        (p: Params, inputs: Inputs) => ({ hidden: encoder.hidden(p, inputs), vector: encoder.apply(p, inputs) }),
        [examples!],
        { name: definition.name, inputNames: Object.keys(examples!), outputNames: ["hidden", "vector"], params },
      );
      const session = await InferenceSession.create(file);
      for (const rows of [graphs, [...graphs, ...graphs, graphs[1]!], [graphs[0]!]]) {
        const inputs = batch(rows, padded);
        const { hidden, vector } = await session.run(tensors(inputs));
        for (const [name, output] of [
          ["hidden", hidden!],
          ["apply", vector!],
        ] as const) {
          const expected = await evaluateOne(
            (p: Traced<typeof params>, given: Traced<typeof inputs>) => encoder[name](p, given),
            [params, inputs] as const,
            "cpu",
          );
          assert.deepEqual(output.dims, expected.shape);
          assertMatches({ ...expected, data: output.data as Float32Array }, [...expected.data], name, 1e-5);
        }
      }
      await session.release();
    });
