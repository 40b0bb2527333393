import { resolve } from "node:path";
import type { OpenOptions } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import type { AnyOptions } from "../../foundation/named.ts";
import type { Download } from "../../interop/hub/index.ts";

export type Options = AnyOptions;

/** The user's choices for a run. */
export interface RunChoices extends OpenOptions, Pick<Download, "signal" | "onDownload"> {
  /** Folder, archive or file with the data. */
  readonly data: Paths;
  /** Names, or paths of files that export one. By default chosen from the data. */
  readonly modality?: string;
  readonly method?: string;
  readonly encoder?: string;
  /** One of the method's presets: settings for data or machines unlike the paper's. */
  readonly preset?: string;
  readonly modalityOptions?: Options;
  /** Options of the method. */
  readonly options?: Options;
  readonly encoderOptions?: Options;
  /** Options of the encoder that training starts from; those of the method and the user take precedence. */
  readonly encoderDefaults?: Options;
  /** Modality options that it was trained with. */
  readonly modalityDefaults?: Options;
  readonly training?: Options;
  /** Options that change during training: `maskRatio=0.3:0.75@cosine`; see docs/training.md. */
  readonly curriculum?: readonly string[];
  /** Receives one line for the user: a decision, a warning. */
  readonly onNote?: (note: string) => void;
}

/** A definition's name, or the absolute path of its file: the run may be opened from another folder. */
export const nameOf = (choice: string | undefined, name: string): string =>
  choice === undefined || choice === name ? name : resolve(choice);
