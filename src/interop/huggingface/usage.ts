import type { Answers } from "../../data/answers.ts";
import type { Usage } from "../publisher.ts";

/** How transformers.js calls models of one kind of data itself, where no pipeline answers rightly. */
export interface ModelCall {
  /** Classes of transformers.js: what reads a sample, and the model. */
  readonly reader: string;
  readonly model: string;
  /** Further names to import. */
  readonly names?: readonly string[];
  /** What the model is called with: `await read(await RawImage.read("photo.jpg"))`. */
  readonly input: string;
  /** Whether the kind's classification pipeline takes several labels, each by itself. */
  readonly takesSeveral: boolean;
}

/** A call of a pipeline. @param line what runs it: `const vector = await run("photo.jpg", { pool: true });` */
const pipelineCode = (task: string, line: string) => `import { pipeline } from "@huggingface/transformers";
const run = await pipeline("${task}", "path/to/this/folder", { dtype: "fp32" });
${line}`;

/** How transformers.js uses a model whose answers its pipelines understand. */
export const pipelineUsage = (pipeline: string, line: string, onnx: string): Usage => ({
  pipeline,
  library: "transformers.js",
  code: pipelineCode(pipeline, line),
  onnx,
});

/**
 * How transformers.js uses a model that answers. A pipeline makes a choice of one of whatever the model gives, so that
 * several labels and values go through the model itself.
 */
export function answersUsage(
  { task, outputs: _ }: Answers,
  { reader, model, names = [], input, takesSeveral }: ModelCall,
  byPipeline: Usage,
): Usage {
  if (task === "classification" || (task === "multi-label" && takesSeveral)) return byPipeline;
  return {
    ...byPipeline,
    warning: `A pipeline would make a choice of one of it${task === "regression" ? " and say 1 of every sample" : ""}: call the model itself, as above.`,
    code: `import { ${[model, reader, ...names].join(", ")} } from "@huggingface/transformers";
const read = await ${reader}.from_pretrained("path/to/this/folder");
const model = await ${model}.from_pretrained("path/to/this/folder", { dtype: "fp32" });
const { logits } = await model(${input});
${task === "multi-label" ? "const probabilities = logits.sigmoid().tolist();" : "const [[value]] = logits.tolist();"}`,
  };
}
