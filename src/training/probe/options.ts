import { resolve } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import type { ProbeConfig } from "../run/config.ts";

/** What is scored while it trains, and how often. */
export interface ProbeOptions {
  /**
   * Steps between two probes, or epochs: `"epoch"`, `"5 epochs"`. `"off"` for none. By default probes are made at ends of
   * epochs, as often as they take less than 5 % of the time.
   */
  readonly every?: number | string;
  /** Labelled data to score on, which are not trained on; by default labelled entries of the training data. */
  readonly data?: string;
  /** Table with the columns path and label, of `data`. */
  readonly labels?: string;
}

/** The options as they stand in config.json; undefined for the default. @throws UserError for an interval that is none */
export function settleProbe({ every, data, labels }: ProbeOptions = {}): ProbeConfig | undefined {
  const interval = every === undefined ? undefined : intervalOf(String(every));
  if (labels !== undefined && data === undefined)
    throw new UserError(
      "--probe-labels is of --probe-data; name these data, or give the training data's with --labels",
    );
  if (interval === "off") {
    if (data !== undefined) throw new UserError(`--probe off: makes no use of --probe-data ${data}; leave out one`);
    return "off";
  }
  if (!interval && data === undefined) return undefined;
  return {
    ...interval,
    ...(data === undefined ? {} : { data: resolve(data) }),
    ...(labels === undefined ? {} : { labels: resolve(labels) }),
  };
}

function intervalOf(text: string): "off" | { steps: number } | { epochs: number } {
  if (text === "off") return "off";
  const [, count, unit] = /^(\d{1,9})?\s*(steps?|epochs?)?$/.exec(text.trim()) ?? [];
  const value = Number(count ?? (unit === undefined ? 0 : 1));
  if (!(value >= 1))
    throw new UserError(`--probe ${text}: must be a number of steps such as 500, epochs such as 5epochs, or off`);
  return unit?.startsWith("epoch") ? { epochs: value } : { steps: value };
}
