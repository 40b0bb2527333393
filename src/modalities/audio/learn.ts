import * as z from "zod";
import type { RunFiles } from "../../data/modality.ts";
import type { Source } from "../../data/source.ts";
import { skipBroken } from "../../foundation/errors.ts";
import type { AudioOptions } from "./options.ts";
import { preparation } from "./prepare.ts";
import type { Sound } from "./sound.ts";

const FILE = "statistics.json";
const Statistics = z.object({ mean: z.number(), std: z.number().positive() });
export type Statistics = z.infer<typeof Statistics>;

/** Recordings whose energies are measured. */
const MEASURED = 256;
/** Of a run without statistics: of speech at 16 kHz. */
const TYPICAL: Statistics = { mean: -6, std: 4 };

/** Mean and deviation of the log-mel energies, of values that are not padding; a file for the run folder. */
export async function learnStatistics(source: Source<Sound>, options: AudioOptions): Promise<RunFiles> {
  if (options.input === "wave") return {};
  const { heard, spectrogram } = preparation(options);
  let [count, sum, squares] = [0, 0, 0];
  const measured = Math.min(MEASURED, source.length);
  for (let at = 0; at < measured; at++) {
    const sound = await source.read(Math.floor((at * source.length) / measured)).catch(skipBroken);
    if (!sound) continue;
    for (const value of spectrogram.of(heard(sound).wave)) {
      count++;
      sum += value;
      squares += value ** 2;
    }
  }
  if (count === 0) return { [FILE]: JSON.stringify(TYPICAL) };
  const mean = sum / count;
  const std = Math.max(0.1, Math.sqrt(Math.max(0, squares / count - mean ** 2)));
  return { [FILE]: JSON.stringify({ mean: Number(mean.toFixed(4)), std: Number(std.toFixed(4)) }) };
}

/** The options' values, else those learned from the data. */
export function statisticsOf({ mean, std }: AudioOptions, files: RunFiles = {}): Statistics {
  const text = files[FILE];
  const learned = text === undefined ? TYPICAL : Statistics.parse(JSON.parse(text));
  return { mean: mean ?? learned.mean, std: std ?? learned.std };
}
