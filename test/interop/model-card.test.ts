import assert from "node:assert/strict";
import { test } from "node:test";
import { modelCard } from "../../src/interop/model-card.ts";

test("a model card says what is predicted: one number, or one for each column", () => {
  const facts = {
    ...{ method: "supervised", paper: "p", encoder: "mlp", encoderPaper: "q", data: "d.csv", entries: 9 },
    ...{ steps: 1, epochs: 1, seed: 0, embedDim: 4, note: "" },
    usage: { code: "", onnx: "" },
  };
  const card = (outputs: readonly string[]) => modelCard({ ...facts, answers: { task: "regression", outputs } });
  assert.match(card(["value"]), /predicts a number\./);
  assert.match(card(["gap", "E"]), /predicts a number for each of `gap`, `E`\./);
});
