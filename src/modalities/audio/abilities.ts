import { ability } from "../../data/ability.ts";
import type { Convention } from "./signal/spectrogram.ts";

/** How recordings become the encoder's input: what software that runs an export has to do as well. */
export interface Hearing {
  /** Samples a second. */
  readonly rate: number;
  /** Samples of a window. */
  readonly samples: number;
  /** The spectrogram; undefined where the encoder reads the waveform. */
  readonly spectrogram?: {
    readonly convention: Convention;
    readonly bands: number;
    readonly frames: number;
    /** Mean and deviation of the log-mel energies: the encoder reads (x − mean) / (2 · std). */
    readonly mean: number;
    readonly std: number;
  };
}

export const hearing = ability<Hearing>()("hearing", "recordings of one rate and window");
