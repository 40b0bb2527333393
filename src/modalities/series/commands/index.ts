import type { CommandTable } from "../../../cli/table.ts";

/** Commands for series only: `autodidact series forecast`. */
export const commands: CommandTable = {
  "Commands:": {
    forecast: {
      summary: "how series go on, by a linear head on the frozen encoder, beside a linear model and the last season",
      load: () => import("./forecast.ts"),
    },
  },
};
