import { plainPublisher } from "../../interop/plain.ts";
import type { Publisher } from "../../interop/publisher.ts";
import { FILE, learnedIn, toFile, withoutMarginals } from "./columns/learned.ts";

/** Plain ONNX, which reads `values` and `codes`, and beside it what the columns are, without values of single rows. */
export const tablePublisher: Publisher = {
  ...plainPublisher,
  describe(model) {
    const plain = plainPublisher.describe(model);
    return {
      ...plain,
      files: toFile(withoutMarginals(learnedIn(model.files))),
      usage: {
        ...plain.usage,
        warning: `\`${FILE}\` has the columns in the order of the inputs; a date has four or three places: itself, month, weekday and, with times of day, hour. \`codes\`: 0 for a missing value; 1 for a number, and for a category that is not listed; a listed category's place in the list, from 2. \`values\`: a number, scaled as the run's option \`scale\` says; 0 for categories and missing values.`,
      },
    };
  },
};
