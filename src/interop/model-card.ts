import type { Answers } from "../data/answers.ts";
import type { Usage } from "./publisher.ts";

/** The contents of a model card. */
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
  /** The task and outputs of a model trained on labels. */
  readonly answers?: Answers | undefined;
}

/** A model card in Hugging Face's form. */
export function modelCard(facts: ModelCardFacts): string {
  const scores = facts.scores?.length
    ? `## Accuracy

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
# ${facts.encoder} ${answers ? "fine-tuned" : "pre-trained"} with ${facts.method}

${answers ? `Fine-tuned on the labels of ${samples}; predicts ${predicted(answers)}.` : `A representation learned without labels from ${samples}.`}

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

The licence of the model is the choice of whoever trained it; mind the licence of the data.
`;
}

/** Most outputs that the card lists; `config.json` has all of them. */
const NAMED = 20;

/** What the model predicts, in words. */
function predicted({ task, outputs }: Answers): string {
  const names = outputs.slice(0, NAMED).map((name) => `\`${name}\``);
  const list = `${names.join(", ")}${outputs.length > NAMED ? ` and ${outputs.length - NAMED} more` : ""}`;
  if (task === "token-classification") return `for each token one of ${list}`;
  if (task === "regression") return outputs.length > 1 ? `a number for each of ${list}` : "a number";
  return `${task === "multi-label" ? "any of" : "one of"} ${list}`;
}
