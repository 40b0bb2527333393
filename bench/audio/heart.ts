/**
 * The example of docs/heart-sounds.md from recordings to a classifier in a folder: pre-trained on all training recordings
 * without labels, fine-tuned, exported, and the exported file asked about the test part.
 *
 *   node bench/audio/heart.ts [--epochs 60] [--steps 200]
 *
 * Data: `$AUTODIDACT_DATA/heart-sounds` or ../shared/data/heart-sounds. Runs: bench/work/audio. What pre-training is worth
 * with few labels: bench/audio/tables.ts heart.
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { exportRun, finetune, openRun } from "../../src/index.ts";
import { decode } from "../../src/modalities/audio/decode.ts";
import { middleOf } from "../../src/modalities/audio/sound.ts";
import { root, trained } from "../methods/shared.ts";
import { sets, unpacked } from "./sets.ts";

const { values } = parseArgs({
  options: { epochs: { type: "string", default: "60" }, steps: { type: "string", default: "200" } },
});
const folders = await unpacked(sets.find(({ name }) => name === "heart")!);
if (!folders) process.exit(0);
const folder = `${root}/bench/work/audio/runs/heart-example`;
const choices = { data: folders.train, preset: "small", training: { epochs: Number(values.epochs) } };
await trained(choices, folder, existsSync(`${folder}/config.json`));
const [tuned, model] = [`${folder}-classifier`, `${folder}-model`];
if (!existsSync(`${tuned}/config.json`))
  await finetune({
    ...{ from: folder, train: folders.train, test: { data: folders.test }, out: tuned, steps: Number(values.steps) },
  });
const { files } = await exportRun({ run: await openRun(tuned), out: model });
console.log(`${model}: ${files.join(", ")}`);
await listen(model, folders.test);
process.exit(0);

/** Recordings read by the exported file alone. */
async function listen(model: string, test: string): Promise<void> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const config: { id2label: Record<string, string> } = JSON.parse(await readFile(join(model, "config.json"), "utf8"));
  const session = await InferenceSession.create(join(model, "waveform.onnx"));
  const samples = Number(/encoder reads (\d+) samples/.exec(await readFile(join(model, "README.md"), "utf8"))?.[1]);
  let [right, total] = [0, 0];
  for (const label of await readdir(test))
    for (const file of await readdir(join(test, label))) {
      const { wave } = await decode(await readFile(join(test, label, file)), 16000);
      const waveform = new Tensor("float32", middleOf(wave, samples), [1, samples]);
      const { logits } = await session.run({ waveform });
      const scores = [...(logits!.data as Float32Array)];
      right += config.id2label[scores.indexOf(Math.max(...scores))] === label ? 1 : 0;
      total++;
    }
  console.log(`waveform.onnx in ONNX Runtime: ${right} of ${total} right`);
}
