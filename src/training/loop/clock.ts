/** Training speed. */
export interface Rates {
  /** Since the last row of the metrics. */
  readonly samplesPerSecond: number;
  /** Share of that time in which the step waited for data. */
  readonly waitFraction: number;
  /** Since the clock started. */
  readonly seconds: number;
  /** Mean since then. */
  readonly secondsPerStep: number;
}

export interface Clock {
  /** Records a finished step. @param waitMs how long it waited for its batches */
  step(waitMs: number): void;
  /** Leaves out time in which nothing was trained of the row's rates. */
  pause(seconds: number): void;
  /** Returns the rates of a row, and starts the next row. */
  lap(): Rates;
}

/** Starts a clock, after the first batch is loaded and the step compiled. @param ofStep samples of a step */
export function startClock(ofStep: number): Clock {
  const began = performance.now();
  let steps = 0;
  let row = { began, steps: 0, waitMs: 0 };
  return {
    step(waitMs) {
      steps++;
      row.steps++;
      row.waitMs += waitMs;
    },
    pause(seconds) {
      row.began += 1000 * seconds;
    },
    lap() {
      const now = performance.now();
      const ms = now - row.began;
      const seconds = (now - began) / 1000;
      const rates = {
        samplesPerSecond: (row.steps * ofStep * 1000) / ms,
        waitFraction: row.waitMs / ms,
        seconds,
        secondsPerStep: seconds / steps,
      };
      row = { began: now, steps: 0, waitMs: 0 };
      return rates;
    },
  };
}
