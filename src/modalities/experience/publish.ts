import { plainPublisher } from "../../interop/plain.ts";
import type { Publisher } from "../../interop/publisher.ts";
import { FILE, learnedIn } from "./learned.ts";

/** Plain ONNX, which reads `pixels`, or `values` and `codes`, and beside it how observations become those. */
export const experiencePublisher: Publisher = {
  ...plainPublisher,
  describe(model) {
    const plain = plainPublisher.describe(model);
    const learned = learnedIn(model.files);
    const inputs = learned.image
      ? `\`pixels\`: the image \`${learned.image.name}\`, its values from ${learned.image.low} to ${learned.image.high} as 0 to 1`
      : `\`values\`: the numbers of ${learned.vectors.map(({ name }) => `\`${name}\``).join(", ")}, one after the other`;
    return {
      ...plain,
      files: { [FILE]: `${JSON.stringify(learned)}\n` },
      usage: {
        ...plain.usage,
        warning: `${inputs}; then minus \`mean\`, divided by \`std\`, which are in \`${FILE}\`${learned.image ? " by channel" : " by number; `codes` are all 1"}.`,
      },
    };
  },
};
