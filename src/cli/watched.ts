import type { PretrainOptions, Run, ShippedWorth } from "../index.ts";
import { abortOnInterrupt, Interrupted } from "./interrupt.ts";
import { downloadLine, progressLine, stageLine } from "./progress.ts";
import { stoppedAt } from "./resume.ts";

/** Callbacks of a command that trains and then evaluates. */
export interface Watch extends Pick<PretrainOptions, "signal" | "onNote" | "onDownload"> {
  readonly onStep: PretrainOptions["onProgress"];
  readonly onProgress: (stage: string, done: number, total: number) => void;
}

/** A run and the evaluated models; none when it was stopped before its end. */
interface Measured {
  readonly run: Run;
  readonly models: readonly ShippedWorth[];
}

/**
 * Shows the progress of training and evaluation; the first Ctrl-C saves.
 * @param command and `out`: for the message when it is stopped
 * @throws Interrupted
 */
export async function watched(
  command: string,
  out: string,
  work: (watch: Watch) => Promise<Measured>,
): Promise<Measured> {
  const line = progressLine();
  const stages = stageLine();
  const download = downloadLine(stages);
  const interrupt = abortOnInterrupt(() => line.note("saving; Ctrl-C again quits at once"));
  try {
    const measured = await work({
      signal: interrupt.signal,
      onNote: line.note,
      onDownload: download.update,
      onStep: line.update,
      onProgress: (...stage) => {
        if (interrupt.signal.aborted) throw new Interrupted(stoppedAt(command, out));
        stages.update(...stage);
      },
    });
    if (measured.models.length > 0) return measured;
    throw new Interrupted(stoppedAt(command, out, measured.run.step));
  } finally {
    line.end();
    stages.end();
    interrupt.release();
  }
}
