import { plainPublisher } from "../../interop/plain.ts";
import type { Publisher } from "../../interop/publisher.ts";
import { FILE, learnedIn, toFile } from "./columns/learned.ts";

/** Plain ONNX, which reads a padded graph, and beside it what the attributes are. */
export const graphPublisher: Publisher = {
  ...plainPublisher,
  describe(model) {
    const plain = plainPublisher.describe(model);
    return {
      ...plain,
      files: toFile(learnedIn(model.files)),
      usage: {
        ...plain.usage,
        warning: `\`${FILE}\` has the attributes in the order of the inputs. \`nodes\`: a row for each node and a column for each attribute that is no number and no list of words; 1 for a value that is missing or not listed, a listed category's place from 2, the number of neighbours plus 2; without such an attribute one column of 2. \`edges\`: the places of two nodes, then codes in the same way, of a range its place from 2; each edge once. Rows that are not there are 0. \`values\`: numbers less their mean, divided by their deviation and kept within ±10, and for each word 0 or 1, divided by the length of the row's words unless they are binary. For nodes of a large graph: \`readout\` is the place of the node in what surrounds it, \`degrees\` its nodes' numbers of neighbours in the whole graph.`,
      },
    };
  },
};
