import type { Answers } from "../../data/answers.ts";
import type { Usage } from "../publisher.ts";

/** How transformers.js calls a model directly, where no pipeline handles its outputs. */
export interface ModelCall {
  /** Classes of transformers.js that read a sample and load the model. */
  readonly reader: string;
  readonly model: string;
  /** Further names to import. */
  readonly names?: readonly string[];
  /** The model's argument: `await read(await RawImage.read("photo.jpg"))`. */
  readonly input: string;
  /** Whether the classification pipeline supports several labels per sample. */
  readonly multiLabel: boolean;
}

/**
 * Code that calls a pipeline.
 * @param line the call: `const vector = await run("photo.jpg", { pool: true });`
 * @param names to import besides
 */
const pipelineCode = (
  task: string,
  line: string,
  names: readonly string[],
) => `import { ${["pipeline", ...names].join(", ")} } from "@huggingface/transformers";
const run = await pipeline("${task}", "path/to/this/folder", { dtype: "fp32" });
${line}`;

/** How to use a model through a pipeline of transformers.js. */
export const pipelineUsage = (pipeline: string, line: string, onnx: string, names: readonly string[] = []): Usage => ({
  pipeline,
  library: "transformers.js",
  code: pipelineCode(pipeline, line, names),
  onnx,
});

/** A file with a picture, in code: as pipelines read it, with what must be imported for that, and as processors do. */
export interface PictureCode {
  readonly file: string;
  readonly names: readonly string[];
  readonly read: string;
}

/** transformers.js reads every file as colour, and does not make it grey by itself. @param channels that the model reads */
export function pictureCode(channels: number | undefined): PictureCode {
  const read = 'await RawImage.read("photo.jpg")';
  if (channels !== 1) return { file: '"photo.jpg"', names: [], read };
  const grey = `(${read}).grayscale()`;
  return { file: grey, names: ["RawImage"], read: grey };
}

/**
 * How to use a model with a head in transformers.js. Pipelines pick one class (softmax), so multi-label models and
 * regression call the model directly.
 */
export function headUsage(
  { task }: Answers,
  { reader, model, names = [], input, multiLabel }: ModelCall,
  byPipeline: Usage,
): Usage {
  if (task === "classification" || (task === "multi-label" && multiLabel)) return byPipeline;
  return {
    ...byPipeline,
    warning: `A pipeline would apply a softmax to it${task === "regression" ? ", which is 1 for every sample" : ""}: call the model itself, as above.`,
    code: `import { ${[model, reader, ...names].join(", ")} } from "@huggingface/transformers";
const read = await ${reader}.from_pretrained("path/to/this/folder");
const model = await ${model}.from_pretrained("path/to/this/folder", { dtype: "fp32" });
const { logits } = await model(${input});
${task === "multi-label" ? "const probabilities = logits.sigmoid().tolist();" : "const [[value]] = logits.tolist();"}`,
  };
}
