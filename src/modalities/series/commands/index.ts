import type { CommandTable } from "../../../cli/table.ts";

/** Commands for series only: `autodidact series forecast`, `autodidact series anomalies`. */
export const commands: CommandTable = {
  "Commands:": {
    forecast: {
      summary: "how well an encoder forecasts: linear heads, tuned, beside a linear model and the last season",
      load: () => import("./forecast.ts"),
    },
    anomalies: {
      summary: "which steps of series are unusual: a score for each, the highest stretches, and a page that draws them",
      load: () => import("./anomalies.ts"),
    },
    continue: {
      summary: "how series go on, by a forecaster of `series forecast --out`: a table and a picture",
      load: () => import("./continue.ts"),
    },
  },
};
