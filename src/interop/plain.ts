import { type Array, type Tensor, type TensorSpec, type Traced, tree } from "../array/index.ts";
import type { Inputs, Params } from "../encoders/encoder.ts";
import type { Graph, Layout, ModelParams, PublishedModel, Publisher, Usage } from "./publisher.ts";

/** Names of an export's outputs. */
export const OUTPUTS = { hidden: "last_hidden_state", vector: "pooler_output", logits: "logits" } as const;

/** Inputs of a file that differ from the modality's tensors, which the graph then makes from them. */
export interface GivenInputs {
  /** Of one sample, by the name in the file. */
  readonly specs: Readonly<Record<string, TensorSpec>>;
  /** The modality's tensors of a batch. */
  tensors(given: Inputs): Inputs;
}

/**
 * The graph of an encoder: its inputs by name; its outputs, the last hidden state and the representation, preceded by
 * the logits if there is a head.
 * @param given the file's inputs; by default the modality's tensors
 */
export function encoderGraph(
  { encoder, params, modality, head }: PublishedModel,
  { specs, tensors }: GivenInputs = { specs: modality.specs, tensors: (inputs) => inputs },
): Graph {
  const vectors = (weights: Params, inputs: Inputs): Record<string, Array> => ({
    [OUTPUTS.hidden]: encoder.hidden(weights, inputs),
    [OUTPUTS.vector]: encoder.apply(weights, inputs),
  });
  const alone = (weights: Params, given: Inputs) => vectors(weights, tensors(given));
  const withHead =
    head &&
    ((weights: Traced<ModelParams>, given: Inputs): Record<string, Array> => {
      const inputs = tensors(given);
      return { [OUTPUTS.logits]: head.predict(weights, inputs), ...vectors(weights.encoder, inputs) };
    });
  const examples = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }]) => [name, { dtype, shape: [1, ...shape] }]),
  );
  return {
    fn: withHead ?? alone,
    params: head ? params : params.encoder,
    examples: [examples],
    inputNames: Object.keys(specs),
    outputNames: [...(head ? [OUTPUTS.logits] : []), OUTPUTS.hidden, OUTPUTS.vector],
  };
}

/** The parameters under Autodidact's names. */
export const plainLayout = ({ params, head }: PublishedModel): Layout => ({
  tensors: tree.entries<Tensor>(head ? params : params.encoder),
  note: "`model.safetensors` has Autodidact's own names.",
});

/** An input's shape for the model card: `[batch, 2, 400]`. */
const shapeOf = (shape: readonly number[]) => `[${["batch", ...shape].join(", ")}]`;

/** How to run the file in ONNX Runtime, for kinds of data that no library has a pipeline for. */
export function plainUsage({ modality: { specs }, head }: PublishedModel): Usage {
  const inputs = Object.entries(specs);
  const feeds = inputs.map(([name, { dtype, shape }]) => {
    const values = dtype === "float32" ? "Float32Array" : "Int32Array";
    return `  ${name}: new Tensor("${dtype}", new ${values}(${shape.join(" * ")}), [${[1, ...shape].join(", ")}]),`;
  });
  const output = head ? OUTPUTS.logits : OUTPUTS.vector;
  const read = inputs.map(([name, { dtype, shape }]) => `\`${name}\`, ${dtype} \`${shapeOf(shape)}\``);
  const outputs = [...(head ? [OUTPUTS.logits] : []), OUTPUTS.hidden, OUTPUTS.vector].map((name) => `\`${name}\``);
  return {
    library: "onnx",
    code: `import { InferenceSession, Tensor } from "onnxruntime-node";
const session = await InferenceSession.create("path/to/this/folder/model.onnx");
const { ${output} } = await session.run({
${feeds.join("\n")}
});`,
    onnx: `${inputs.length > 1 ? "inputs" : "input"} ${read.join(" and ")};\noutputs ${outputs.join(", ")}; the batch is free`,
  };
}

/** Publishes kinds of data that no other library supports: plain ONNX with named inputs. */
export const plainPublisher: Publisher = {
  describe: (model) => ({
    graph: encoderGraph(model),
    layout: plainLayout(model),
    usage: plainUsage(model),
  }),
  feeds: (batch) => batch,
};
