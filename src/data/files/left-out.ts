/** Files, entries or rows that a source does not take, counted by reason. */
export interface LeftOut {
  /** What they are, as one counts them: `HEIC`, `.md`, `encrypted`, `empty rows`. */
  readonly what: string;
  readonly count: number;
  /** Why, and what to do about it: `not decodable here: convert to JPEG`. */
  readonly advice?: string;
  /** Name of the first. */
  readonly example?: string;
}

/** Why something is left out. */
export type Reason = Pick<LeftOut, "what" | "advice">;

/** Reasons that are listed; what is left goes under one name. */
const LISTED = 8;

/** Counts what is left out, by reason. */
export class Tally {
  readonly #counts = new Map<string, LeftOut>();

  /** @param name of the file, entry or row. @param reason `what` is the key: one advice for each */
  add(name: string | undefined, { what, advice }: Reason, count = 1): void {
    const existing = this.#counts.get(what);
    this.#counts.set(what, {
      what,
      count: (existing?.count ?? 0) + count,
      ...(advice === undefined ? {} : { advice }),
      ...(name === undefined ? {} : { example: existing?.example ?? name }),
    });
  }

  /** Adds what another listing left out. */
  addAll(others: readonly LeftOut[]): void {
    for (const { example, count, ...reason } of others) this.add(example, reason, count);
  }

  /** Those with advice first, then the most frequent. */
  get leftOut(): readonly LeftOut[] {
    return [...this.#counts.values()].sort(
      (a, b) =>
        Number(b.advice !== undefined) - Number(a.advice !== undefined) ||
        b.count - a.count ||
        (a.what < b.what ? -1 : 1),
    );
  }
}

/** `12 HEIC (not decodable here: convert to JPEG), 3 encrypted, 40 .md`; empty if nothing is left out. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string {
  const listed = leftOut.length > LISTED + 1 ? leftOut.slice(0, LISTED) : leftOut;
  const others = leftOut.slice(listed.length).reduce((sum, { count }) => sum + count, 0);
  const texts = listed.map(
    ({ what, count, advice }) => `${count.toLocaleString("en")} ${what}${advice === undefined ? "" : ` (${advice})`}`,
  );
  return [...texts, ...(others > 0 ? [`${others.toLocaleString("en")} others`] : [])].join(", ");
}
