/** What the benches of methods on nodes share: which trainings there are, and the table of their scores. */
import { meanOf } from "../series/machine.ts";

/** Every seed of every method. @param named `grace,simclr:graphcl`: methods, or their presets (`small` unless named) */
export const trainingsOf = (named: string, seeds: number) =>
  Array.from({ length: seeds }, (_, seed) =>
    named.split(",").map((word, at) => {
      const [method = "", preset = "small"] = word.split(":");
      return { seed, at, word, method, preset };
    }),
  ).flat();

/** Scores of the seeds, by row of a table. */
export function scoreTable(measure: string, digits = 1) {
  const rows = new Map<string, { scores: number[]; seconds: number[]; last: string }>();
  return {
    /** @param last what was seen while training */
    note(name: string, score: number, seconds = 0, last = ""): void {
      const row = rows.get(name) ?? { scores: [], seconds: [], last };
      rows.set(name, { scores: [...row.scores, score], seconds: [...row.seconds, seconds], last });
    },
    print(): void {
      console.log(`| method | ${measure} | seconds | while training |\n|---|---|---|---|`);
      for (const [name, { scores, seconds, last }] of rows)
        console.log(`| ${name} | ${meanOf(scores, digits)} | ${meanOf(seconds, 0)} | ${last} |`);
    },
  };
}
