/**
 * The flagship: one method and a wider encoder, 90 CPU minutes on CIFAR-10 (20,000 / 5,000), then kNN and a linear probe of the
 * frozen features. Epochs are fitted to the minutes after a short calibration; an interrupted run goes on.
 *
 *   npm run bench:flagship -- [--method dcl] [--width 64] [--minutes 90]   # writes bench/results/flagship.json
 *   npm run bench:flagship -- --pace [--width 64]                          # the calibration alone
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { epochsIn, root, secondsPerStep, trainData, trained, worthOf } from "./methods/shared.ts";

const { values } = parseArgs({
  options: {
    method: { type: "string", default: "dcl" },
    width: { type: "string", default: "64" },
    minutes: { type: "string", default: "90" },
    pace: { type: "boolean", default: false },
  },
});
const { method } = values;
const minutes = Number(values.minutes);
const width = Number(values.width);
if (!existsSync(trainData)) {
  console.log(`no CIFAR-10 at ${trainData}; set AUTODIDACT_DATA`);
  process.exit(0);
}

const choices = { method, preset: "small", encoderOptions: { width }, training: { seed: 0 } };
const folder = `${root}/bench/work/flagship/${method}-${width}-${minutes}cpu`;
const resume = existsSync(`${folder}/config.json`);
const pace = resume && !values.pace ? undefined : await secondsPerStep(choices, `${folder}-calibration`);
const epochs = pace && epochsIn(minutes, pace);
if (pace) console.log(`width ${width}: ${(1000 * pace.seconds).toFixed(0)} ms a step, so ${epochs} epochs`);
if (!values.pace) {
  const { run, seconds } = await trained({ ...choices, training: { seed: 0, epochs } }, folder, resume);
  const { encoder, params, modality, config } = run;
  const line = {
    ...{
      method,
      cpuMinutes: minutes,
      encoder: config.encoder,
      options: config.method.options,
      training: config.training,
    },
    ...{ seconds: Math.round(seconds), machine: `${cpus().length} × ${cpus()[0]?.model}` },
    ...(await worthOf(encoder, params, modality, 0)),
  };
  await writeFile(`${root}/bench/results/flagship.json`, `${JSON.stringify(line, null, 2)}\n`);
  console.log(`${method}: linear ${(100 * line.linear).toFixed(1)} %, kNN ${(100 * line.knn20).toFixed(1)} %`);
}
process.exit(0);
