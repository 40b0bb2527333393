import type { Progress } from "../index.ts";
import { printable } from "./output.ts";

/** Without a terminal, lines are at least this far apart, so that logs stay readable. */
const SPARSE_MS = 10_000;

const count = new Intl.NumberFormat("en-US");

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** What a probe's scores are called in a line. */
const PROBES: Readonly<Record<string, (value: number) => string>> = {
  probeKnn: (value) => `kNN ${percent(value)}`,
  probeLinear: (value) => `linear ${percent(value)}`,
  probeMeanAveragePrecision: (value) => `mAP ${percent(value)}`,
  probeR2: (value) => `R² ${value.toFixed(3)}`,
};

/** `kNN 41.2 %`, `linear 45.0 %` */
export const probeWords = (scores: Readonly<Record<string, number>>): string[] =>
  Object.entries(scores).flatMap(([name, value]) => PROBES[name]?.(value) ?? []);

const lineOf = (progress: Progress): string =>
  [
    `step ${count.format(progress.step)}/${count.format(progress.steps)}`,
    `epoch ${Math.min(progress.epoch + 1, progress.epochs)}/${progress.epochs}`,
    `loss ${progress.loss.toFixed(4)}`,
    ...(progress.effectiveRank === undefined ? [] : [`rank ${progress.effectiveRank.toFixed(1)}`]),
    ...probeWords(progress.probe?.scores ?? {}),
    `${count.format(Math.round(progress.samplesPerSecond))} samples/s`,
    `${Math.round(progress.waitFraction * 100)} % waiting for data`,
    `${duration(progress.etaSeconds)} left`,
    ...(progress.broken > 0 ? [`${progress.broken} broken`] : []),
  ].join(" · ");

/** Shows progress on standard error: one line that is rewritten on a terminal, sparse lines elsewhere. */
export function progressLine(stream: NodeJS.WriteStream = process.stderr) {
  let shownAt = Number.NEGATIVE_INFINITY;
  let open = false;
  const end = () => {
    if (open) stream.write("\n");
    open = false;
  };
  return {
    update(progress: Progress): void {
      const line = lineOf(progress);
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${line.slice(0, (stream.columns || 80) - 1)}`);
        open = true;
      } else if (performance.now() - shownAt >= SPARSE_MS || progress.step === progress.steps) {
        shownAt = performance.now();
        stream.write(`${line}\n`);
      }
    },
    /** Prints a line that is not overwritten. */
    note(text: string): void {
      end();
      stream.write(`${printable(text)}\n`);
    },
    end,
  };
}

/** Shows a download from the Hub, in megabytes. */
export function downloadLine(stages: Pick<ReturnType<typeof stageLine>, "update" | "end"> = stageLine()) {
  return {
    update(stage: string, done: number, total: number): void {
      if (done < total) stages.update(`${stage}, MB`, Math.round(done / 1e6), Math.round(total / 1e6), "MB");
      else stages.end();
    },
    end: stages.end,
  };
}

/** A stage that is expected to end sooner says no time left. */
const SOON_S = 5;

/** Shows a stage, its progress and the time left in the same way. */
export function stageLine(stream: NodeJS.WriteStream = process.stderr) {
  let stage = "";
  let open = false;
  /** When the stage began, how far it was then, and when it was last shown without a terminal. */
  let [began, from, shownAt] = [0, 0, 0];
  const left = (done: number, total: number): string => {
    const seconds = done > from ? ((performance.now() - began) / 1000 / (done - from)) * (total - done) : 0;
    return seconds < SOON_S ? "" : ` · ${duration(seconds)} left`;
  };
  const rate = (done: number, unit: string | undefined): string => {
    const each = unit === undefined || done <= from ? 0 : (1000 * (done - from)) / (performance.now() - began);
    return each > 0 ? ` · ${each < 10 ? each.toFixed(1) : count.format(Math.round(each))} ${unit}/s` : "";
  };
  return {
    /**
     * @param unit of `done`: shows how many there are in a second
     * @param remark at the end of the line
     */
    update(name: string, done: number, total: number, unit?: string, remark?: string): void {
      const now = performance.now();
      const isNew = name !== stage;
      if (isNew) [stage, began, from, shownAt] = [name, now, done, now];
      const line = `${printable(name)}: ${count.format(done)}/${count.format(total)}${rate(done, unit)}${left(done, total)}${remark === undefined ? "" : ` · ${printable(remark)}`}`;
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${line.slice(0, (stream.columns || 80) - 1)}`);
        open = true;
      } else if (isNew) stream.write(`${printable(name)} …\n`);
      else if (now - shownAt >= 3 * SPARSE_MS && done < total) {
        shownAt = now;
        stream.write(`${line}\n`);
      }
    },
    end: (): void => {
      if (open) stream.write("\r\u001b[2K");
      open = false;
    },
  };
}
