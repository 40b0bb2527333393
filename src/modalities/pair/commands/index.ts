import type { CommandTable } from "../../../cli/table.ts";

/** Commands for images with captions only: `autodidact pair complete`. */
export const commands: CommandTable = {
  "Commands:": {
    caption: {
      summary: "write a caption for each image",
      load: () => import("./caption.ts"),
    },
    complete: {
      summary: "predict masked words of a caption from its image, or a hidden part of the image from the caption",
      load: () => import("./complete.ts"),
    },
  },
};
