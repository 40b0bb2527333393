import type { CommandTable } from "../../../cli/table.ts";

/** Commands for series only: `autodidact series forecast`, `autodidact series anomalies`. */
export const commands: CommandTable = {
  "Commands:": {
    forecast: {
      summary: "how series go on, by a linear head on the frozen encoder, beside a linear model and the last season",
      load: () => import("./forecast.ts"),
    },
    anomalies: {
      summary: "which steps of series are unusual: a score for each, the highest stretches, and a page that draws them",
      load: () => import("./anomalies.ts"),
    },
  },
};
