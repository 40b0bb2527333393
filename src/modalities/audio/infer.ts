import type { Reads } from "../../data/reads.ts";
import type { Source } from "../../data/source.ts";
import { reads } from "../../encoders/encoder.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import type { AudioOptions } from "./options.ts";
import type { Sound } from "./sound.ts";

/** Recordings whose length is measured. */
const PROBES = 64;
/** Recordings that are all shorter are not cut. */
const LONGEST = 10;
/** Window of longer recordings, in seconds. */
const OF_LONG = 4;

/** Window and input: nearly the longest of the recordings, and what the encoder reads. */
export async function inferAudio(source: Source<Sound>, wanted?: Reads): Promise<Partial<AudioOptions>> {
  const seconds: number[] = [];
  const probes = Math.min(PROBES, source.length);
  for (let probe = 0; probe < probes; probe++) {
    const sound = await source.read(Math.floor((probe * source.length) / probes)).catch(skipBroken);
    if (sound) seconds.push(sound.wave.length / sound.rate);
  }
  if (seconds.length === 0)
    throw new UserError(`none of the sampled recordings can be decoded; is ${source.name(0)} a recording?`);
  seconds.sort((a, b) => a - b);
  const [usual, longest] = [seconds[Math.floor(seconds.length * 0.95)]!, seconds.at(-1)!];
  // One odd recording does not make all others mostly silence.
  const whole = longest <= 1.5 * usual ? longest : usual;
  const window = longest <= LONGEST ? Math.ceil(whole * 100) / 100 : Math.min(OF_LONG, Math.ceil(usual * 100) / 100);
  const input = wanted && !reads({ reads: wanted }, { spectrogram: 3 }) ? "wave" : "spectrogram";
  return { window: Math.max(0.1, window), input };
}
