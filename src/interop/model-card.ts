import type { Answers } from "../data/answers.ts";
import type { Usage } from "./publisher.ts";

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
  readonly usage: Usage;
  /** Of a model that has learned from labels. */
  readonly answers?: Answers | undefined;
}

/** A model card in Hugging Face's form. */
export function modelCard(facts: ModelCardFacts): string {
  const scores = facts.scores?.length
    ? `## What it is worth

| features | kNN, k = 20 | linear probe |
|---|---|---|
${facts.scores.map(({ name, knn20, linear }) => `| ${name} | ${knn20} | ${linear} |`).join("\n")}
`
    : "";
  const { usage, answers } = facts;
  const samples = `${facts.entries.toLocaleString("en")} samples of \`${facts.data}\``;
  return `---
${usage.library ? `library_name: ${usage.library}\n` : ""}${usage.pipeline ? `pipeline_tag: ${usage.pipeline}\n` : ""}tags: [${answers ? "fine-tuned" : "self-supervised"}, ${facts.method}, autodidact]
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
${usage.code}
\`\`\`

${usage.warning ? `${usage.warning}\n\n` : ""}\`model.onnx\` runs in any ONNX Runtime: ${usage.onnx}. ${facts.note}

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
