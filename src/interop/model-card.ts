import type { Answers } from "../data/index.ts";

/** What a model card says. */
export interface ModelCardFacts {
  readonly method: string;
  readonly paper: string;
  readonly encoder: string;
  readonly encoderPaper: string;
  readonly data: string;
  readonly entries: number;
  readonly steps: number;
  readonly epochs: number;
  readonly seed: number;
  readonly embedDim: number;
  readonly loss?: number;
  /** Rows of a table of accuracies, in per cent. */
  readonly scores?: readonly { readonly name: string; readonly knn20: string; readonly linear: string }[];
  readonly note: string;
  /** Hugging Face's name of what the model is for. */
  readonly task: keyof typeof uses;
  /** Of a model that has learned from labels. */
  readonly answers?: Answers;
}

/** How a model of each kind is called, in JavaScript, and what its ONNX file reads and gives. */
const uses = {
  "image-feature-extraction": {
    code: 'const vector = await run("photo.jpg", { pool: true });',
    onnx: "input `pixel_values`, outputs `last_hidden_state` and `pooler_output`; the\nbatch is free",
  },
  "image-classification": {
    code: 'const guesses = await run("photo.jpg", { top_k: 3 });',
    onnx: "input `pixel_values`, outputs `logits`, `last_hidden_state` and `pooler_output`; the\nbatch is free",
  },
  "text-classification": {
    code: 'const guesses = await run("a sentence", { top_k: null });',
    onnx: "inputs `input_ids` and `attention_mask`, outputs `logits`, `last_hidden_state` and\n`sentence_embedding`; batch and length are free",
  },
  "feature-extraction": {
    code: 'const vector = await run("a sentence", { pooling: "mean" });',
    onnx: "inputs `input_ids` and `attention_mask`, outputs `last_hidden_state` and `sentence_embedding`;\nbatch and length are free",
  },
  "fill-mask": {
    code: 'const guesses = await run("the [MASK] sat");',
    onnx: "inputs `input_ids` and `attention_mask`, outputs `logits`, `last_hidden_state` and\n`sentence_embedding`; batch and length are free",
  },
  "text-generation": {
    code: 'const [{ generated_text }] = await run("once upon a time", { max_new_tokens: 20 });',
    onnx: "inputs `input_ids`, `attention_mask` (of all words) and `past_key_values.0.key`, which holds\nthe words before (`present.0.key` of the call before); outputs `logits` and `last_hidden_state`",
  },
} as const;

const labels: Record<string, string> = {
  pretrained: "this model",
  untrained: "same encoder, untrained",
  raw: "raw values",
  "tf-idf": "TF-IDF",
};

/** A model card in Hugging Face's form. */
export function modelCard(facts: ModelCardFacts): string {
  const scores = facts.scores?.length
    ? `## What it is worth

| features | kNN, k = 20 | linear probe |
|---|---|---|
${facts.scores.map(({ name, knn20, linear }) => `| ${labels[name] ?? name} | ${knn20} | ${linear} |`).join("\n")}
`
    : "";
  const { task, answers } = facts;
  const samples = `${facts.entries.toLocaleString("en")} samples of \`${facts.data}\``;
  return `---
library_name: transformers.js
pipeline_tag: ${task}
tags: [${answers ? "fine-tuned" : "self-supervised"}, ${facts.method}, autodidact]
---
# ${facts.encoder} learned by ${facts.method}

${answers ? `Answers learned from the labels among ${samples}: ${learned(answers)}.` : `A representation learned without labels from ${samples}.`}

| | |
|---|---|
| method | ${facts.method} (${facts.paper}) |
| encoder | ${facts.encoder} (${facts.encoderPaper}), vectors of ${facts.embedDim} numbers |
| training | ${facts.epochs} epochs, ${facts.steps} steps, seed ${facts.seed}${facts.loss === undefined ? "" : `, last loss ${facts.loss.toFixed(4)}`} |

${scores}
## Use

\`\`\`js
${codeOf(facts)}
\`\`\`

${isChoice(facts) ? "" : `A pipeline would make a choice of one of it${answers?.task === "regression" ? " and say 1 of every sample" : ""}: call the model itself, as above.\n\n`}\`model.onnx\` runs in any ONNX Runtime: ${uses[task].onnx}. ${facts.note}

The licence of the model is for whoever trained it to choose; mind the licence of the data.
`;
}

/** Of so many outputs the card names all; `config.json` does in any case. */
const NAMED = 20;

/** What is answered, in words. */
function learned({ task, outputs }: Answers): string {
  const names = outputs.slice(0, NAMED).map((name) => `\`${name}\``);
  const list = `${names.join(", ")}${outputs.length > NAMED ? ` and ${outputs.length - NAMED} more` : ""}`;
  return task === "regression" ? "a number" : `${task === "multi-label" ? "which hold of" : "one of"} ${list}`;
}

/** Whether a pipeline answers rightly: they make a choice of one, but for several labels of a text. */
const isChoice = ({ task, answers }: Pick<ModelCardFacts, "task" | "answers">): boolean =>
  !answers || answers.task === "classification" || (answers.task === "multi-label" && task !== "image-classification");

/** How the model is called from JavaScript; what no pipeline answers rightly goes through the model itself. */
function codeOf({ task, answers }: ModelCardFacts): string {
  const isImage = task === "image-classification";
  if (isChoice({ task, answers }))
    return `import { pipeline } from "@huggingface/transformers";
const run = await pipeline("${task}", "path/to/this/folder", { dtype: "fp32" });
${uses[task].code}`;
  const [read, model, names] = isImage
    ? ["AutoProcessor", "AutoModelForImageClassification", ", RawImage"]
    : ["AutoTokenizer", "AutoModelForSequenceClassification", ""];
  const input = isImage ? 'await read(await RawImage.read("photo.jpg"))' : 'read("a sentence")';
  return `import { ${model}, ${read}${names} } from "@huggingface/transformers";
const read = await ${read}.from_pretrained("path/to/this/folder");
const model = await ${model}.from_pretrained("path/to/this/folder", { dtype: "fp32" });
const { logits } = await model(${input});
${answers?.task === "multi-label" ? "const probabilities = logits.sigmoid().tolist();" : "const [[value]] = logits.tolist();"}`;
}
