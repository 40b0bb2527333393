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
}

const labels: Record<string, string> = {
  pretrained: "this model",
  untrained: "same encoder, untrained",
  raw: "raw values",
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
  return `---
library_name: transformers.js
pipeline_tag: image-feature-extraction
tags: [self-supervised, ${facts.method}, autodidact]
---
# ${facts.encoder} learned by ${facts.method}

A representation learned without labels from ${facts.entries.toLocaleString("en")} samples of \`${facts.data}\`.

| | |
|---|---|
| method | ${facts.method} (${facts.paper}) |
| encoder | ${facts.encoder} (${facts.encoderPaper}), vectors of ${facts.embedDim} numbers |
| training | ${facts.epochs} epochs, ${facts.steps} steps, seed ${facts.seed}${facts.loss === undefined ? "" : `, last loss ${facts.loss.toFixed(4)}`} |

${scores}
## Use

\`\`\`js
import { pipeline } from "@huggingface/transformers";
const extract = await pipeline("image-feature-extraction", "path/to/this/folder", { dtype: "fp32" });
const vector = await extract("photo.jpg", { pool: true });
\`\`\`

\`model.onnx\` runs in any ONNX Runtime: input \`pixel_values\`, outputs \`last_hidden_state\` and \`pooler_output\`; the
batch is free. ${facts.note}

The licence of the model is for whoever trained it to choose; mind the licence of the data.
`;
}
