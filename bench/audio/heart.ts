/**
 * The example of docs/heart-sounds.md from recordings to a classifier in a folder: pre-trained on all training recordings
 * without labels, then judged with 1, 5 and 10 labelled recordings a class, exported, and read by transformers.js.
 *
 *   node bench/audio/heart.ts [--minutes 5] [--seeds 3] [--method simclr] [--validation]
 *
 * Data: `$AUTODIDACT_DATA/heart-sounds` or ../shared/data/heart-sounds. Runs: bench/work/audio; results:
 * bench/results/heart.json. `--validation` judges on the validation part, for choosing settings.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { evaluate, evaluationTable, exportRun, finetune, openRun } from "../../src/index.ts";
import { decode } from "../../src/modalities/audio/decode.ts";
import { middleOf } from "../../src/modalities/audio/sound.ts";
import { epochsIn, root, secondsPerStep, trained } from "../methods/shared.ts";
import { sets, unpacked } from "./sets.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seeds: { type: "string", default: "3" },
    method: { type: "string", default: "simclr" },
    validation: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const set = sets.find(({ name }) => name === "heart")!;
const folders = await unpacked(set);
if (!folders) process.exit(0);
const judged = values.validation ? folders.validation : folders.test;
const SHOTS = [1, 5, 10];
const DRAWS = 5;

const rows: unknown[] = [];
for (let seed = 0; seed < Number(values.seeds); seed++) {
  const choices = { data: folders.train, method: values.method, preset: "small", training: { seed } };
  const folder = `${root}/bench/work/audio/runs/heart-${values.method}-${seed}-${minutes}min`;
  const resume = existsSync(`${folder}/config.json`);
  const epochs = resume ? 0 : epochsIn(minutes, await secondsPerStep(choices, `${folder}-calibration`));
  const { run, seconds } = await trained({ ...choices, training: { seed, epochs } }, folder, resume);
  for (const shots of SHOTS) {
    const labelCount = shots * set.classes;
    const evaluation = await evaluate({
      ...{ run, train: folders.train, test: judged, seed, labelCount, draws: DRAWS, scratchSteps: run.step },
    });
    console.log(`\nseed ${seed}, ${shots} a class\n${evaluationTable(evaluation)}`);
    rows.push({ seed, shots, seconds: Math.round(seconds), steps: run.step, contestants: evaluation.contestants });
  }
  if (seed > 0) continue;
  const tuned = `${folder}-classifier`;
  const model = `${folder}-model`;
  if (!existsSync(`${tuned}/config.json`))
    await finetune({ from: folder, train: folders.train, test: { data: judged }, out: tuned, steps: 200 });
  const classifier = await openRun(tuned);
  const { files } = await exportRun({ run: classifier, out: model });
  console.log(`${model}: ${files.join(", ")}`);
  await listen(model, judged);
}

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

const machine = `${cpus().length} × ${cpus()[0]?.model}`;
const file = `${root}/bench/results/heart.json`;
await mkdir(dirname(file), { recursive: true });
if (!values.validation)
  await writeFile(file, `${JSON.stringify({ machine, minutes, method: values.method, rows }, null, 2)}\n`);
process.exit(0);
