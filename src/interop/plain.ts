import { type Array, type Tensor, type Traced, tree } from "../array/index.ts";
import type { Inputs, Params } from "../encoders/encoder.ts";
import type { Graph, Layout, ModelParams, PublishedModel, Publisher, Usage } from "./publisher.ts";

/** What every export calls its outputs. */
export const OUTPUTS = { hidden: "last_hidden_state", vector: "pooler_output", answers: "logits" } as const;

/**
 * The graph of an encoder: its inputs by name, and as outputs the last hidden state and the representation; with a head,
 * in front of them, the answers.
 * @param names of the inputs in the file, where they are called otherwise than in the modality's tensors
 */
export function encoderGraph(
  { encoder, params, modality: { specs }, head }: PublishedModel,
  names: Readonly<Record<string, string>> = {},
): Graph {
  const vectors = (weights: Params, inputs: Inputs): Record<string, Array> => ({
    [OUTPUTS.hidden]: encoder.hidden(weights, inputs),
    [OUTPUTS.vector]: encoder.apply(weights, inputs),
  });
  const answers =
    head &&
    ((weights: Traced<ModelParams>, inputs: Inputs): Record<string, Array> => ({
      [OUTPUTS.answers]: head.predict(weights, inputs),
      ...vectors(weights.encoder, inputs),
    }));
  const examples = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }]) => [name, { dtype, shape: [1, ...shape] }]),
  );
  return {
    fn: answers ?? vectors,
    params: head ? params : params.encoder,
    examples: [examples],
    inputNames: Object.keys(specs).map((name) => names[name] ?? name),
    outputNames: [...(head ? [OUTPUTS.answers] : []), OUTPUTS.hidden, OUTPUTS.vector],
  };
}

/** The parameters under our own names. */
export const ownLayout = ({ params, head }: PublishedModel): Layout => ({
  tensors: tree.entries<Tensor>(head ? params : params.encoder),
  note: "`model.safetensors` has Autodidact's own names.",
});

/** An input's shape as a reader of the card has it: `[batch, 2, 400]`. */
const shapeOf = (shape: readonly number[]) => `[${["batch", ...shape].join(", ")}]`;

/** How such a file is called through ONNX Runtime: no library knows a pipeline for it. */
export function plainUsage({ modality: { specs }, head }: PublishedModel): Usage {
  const inputs = Object.entries(specs);
  const feeds = inputs.map(([name, { dtype, shape }]) => {
    const values = dtype === "float32" ? "Float32Array" : "Int32Array";
    return `  ${name}: new Tensor("${dtype}", new ${values}(${shape.join(" * ")}), [${[1, ...shape].join(", ")}]),`;
  });
  const answer = head ? OUTPUTS.answers : OUTPUTS.vector;
  const read = inputs.map(([name, { dtype, shape }]) => `\`${name}\`, ${dtype} \`${shapeOf(shape)}\``);
  const given = [...(head ? [OUTPUTS.answers] : []), OUTPUTS.hidden, OUTPUTS.vector].map((name) => `\`${name}\``);
  return {
    library: "onnx",
    code: `import { InferenceSession, Tensor } from "onnxruntime-node";
const session = await InferenceSession.create("path/to/this/folder/model.onnx");
const { ${answer} } = await session.run({
${feeds.join("\n")}
});`,
    onnx: `${inputs.length > 1 ? "inputs" : "input"} ${read.join(" and ")};\noutputs ${given.join(", ")}; the batch is free`,
  };
}

/** How data are published of which no library of others knows anything: plain ONNX with named inputs. */
export const plainPublisher: Publisher = {
  describe: (model) => ({
    graph: encoderGraph(model),
    layout: ownLayout(model),
    usage: plainUsage(model),
  }),
  feeds: (batch) => batch,
};
