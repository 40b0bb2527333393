import { resolve } from "node:path";
import type { OpenOptions } from "../../data/index.ts";
import type { AnyOptions } from "../../foundation/named.ts";

export type Options = AnyOptions;

/** What the user says about a run. */
export interface RunChoices extends OpenOptions {
  /** Folder, archive or file with the data. */
  readonly data: string;
  /** Names, or paths of files that export one. Chosen by the data when not given. */
  readonly modality?: string;
  readonly method?: string;
  readonly encoder?: string;
  /** One of the method's presets: settings for data or machines unlike the paper's. */
  readonly preset?: string;
  readonly modalityOptions?: Options;
  /** The method's. */
  readonly options?: Options;
  readonly encoderOptions?: Options;
  /** Of the encoder that training begins with; what the method and the user say comes first. */
  readonly encoderDefaults?: Options;
  /** Of the data that it was trained on. */
  readonly modalityDefaults?: Options;
  readonly training?: Options;
  /** Options that change while the run learns: `maskRatio=0.3:0.75@cosine`; see docs/training.md. */
  readonly curriculum?: readonly string[];
  /** One line for the user: what was decided, what was found. */
  readonly onNote?: (note: string) => void;
}

/** A definition's name, or where its file lies: the run may be opened from another folder. */
export const nameOf = (given: string | undefined, name: string): string =>
  given === undefined || given === name ? name : resolve(given);
