import type { CommandTable } from "../../../cli/table.ts";

/** Commands for images with captions only: `autodidact pair caption`. */
export const commands: CommandTable = {
  "Commands:": {
    caption: {
      summary: "write a caption for each image",
      load: () => import("./caption.ts"),
    },
  },
};
