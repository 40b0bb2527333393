// How do I pretrain on my own texts? BERT learns a tokenizer and a Transformer from them, and fills in masked tokens.
import { complete, pretrain } from "autodidact";

const [
  data = "examples/sentences.txt", // a text file, CSV, TSV, JSONL, Parquet, or a folder of them
  out = "runs/texts",
  text = "the old [MASK] saw the sea of the city.",
] = process.argv.slice(2);

const run = await pretrain({
  data,
  out,
  method: "bert", // "causal-lm" continues texts, "bag-of-words" makes better vectors of short ones
  preset: "small",
  encoderOptions: { width: 96, depth: 2, heads: 4 },
  modalityOptions: { maxLength: 32, pack: true },
  training: { epochs: Number(process.env.EPOCHS ?? 40), batchSize: 8, learningRate: 1e-3, logEvery: 100 },
  onProgress: ({ step, steps, loss }) => console.log(`step ${step} of ${steps}: loss ${loss.toFixed(3)}`),
});

const { masks = [] } = await complete({ run, text, top: 5 });
console.log(text);
for (const guesses of masks)
  console.log(guesses.map(({ token, probability }) => `${token} ${(100 * probability).toFixed(1)} %`).join("   "));
