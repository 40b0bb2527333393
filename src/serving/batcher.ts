/** Gathers rows of many callers into batches. */
export interface Batcher<Row, Result> {
  /**
   * One result per row, in order. Rows may be in different batches.
   * @param signal when it aborts, rows that are still waiting are not computed
   * @throws what `run` threw for a batch that had one of the rows; the signal's reason
   */
  submit(rows: readonly Row[], signal?: AbortSignal): Promise<Result[]>;
}

export interface BatcherOptions<Row, Result> {
  /** @returns one result per row, in order */
  run(rows: readonly Row[]): Promise<readonly Result[]>;
  /** Most rows in a batch. */
  readonly size: number;
  /** How long the first row of a batch waits for others, in milliseconds. */
  readonly waitMs: number;
}

interface Waiting<Row, Result> {
  readonly row: Row;
  readonly since: number;
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/**
 * A batch is computed when it is full or its first row has waited long enough, one batch at a time. Rows that arrive
 * meanwhile join the next one.
 */
export function batcher<Row, Result>({ run, size, waitMs }: BatcherOptions<Row, Result>): Batcher<Row, Result> {
  const waiting: Waiting<Row, Result>[] = [];
  let working = false;
  let whenFull = () => {};

  const fullOrLate = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      whenFull = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function compute(batch: readonly Waiting<Row, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ row }) => row));
      if (results.length !== batch.length) throw new Error(`${results.length} results for ${batch.length} rows`);
      for (const [at, { resolve }] of batch.entries()) resolve(results[at]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async function work(): Promise<void> {
    working = true;
    while (waiting.length > 0) {
      const patience = waiting[0]!.since + waitMs - performance.now();
      if (waiting.length < size && patience > 0) await fullOrLate(patience);
      const batch = waiting.splice(0, size);
      if (batch.length > 0) await compute(batch);
    }
    working = false;
  }

  return {
    submit(rows, signal) {
      signal?.throwIfAborted();
      const since = performance.now();
      const from = waiting.length;
      const results = rows.map(
        (row) =>
          new Promise<Result>((resolve, reject) => {
            waiting.push({ row, since, resolve, reject });
          }),
      );
      const added = waiting.slice(from);
      const withdraw = () => {
        for (const entry of added) {
          const at = waiting.indexOf(entry);
          if (at < 0) continue;
          waiting.splice(at, 1);
          entry.reject(signal?.reason);
        }
      };
      signal?.addEventListener("abort", withdraw, { once: true });
      if (waiting.length >= size) whenFull();
      if (!working) void work();
      return Promise.all(results).finally(() => signal?.removeEventListener("abort", withdraw));
    },
  };
}
