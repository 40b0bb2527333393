import * as z from "zod";
import { shortened } from "../../../foundation/printable.ts";
import { BOXES_COLUMN, type Box } from "../pair.ts";
import { type Captions, captionAt, packCaptions } from "./captions.ts";

const share = z.number().min(-0.5).max(1.5);
const Boxes = z
  .array(
    z.object({
      ...{ x: share, y: share, width: share.positive(), height: share.positive() },
      phrase: z.string().trim().min(1).max(1000),
    }),
  )
  .max(10_000);

/** What was read of places in images. */
export interface ReadBoxes {
  readonly boxes?: Captions;
  /** Why there are none, where there is such a column. */
  readonly note?: string;
}

/**
 * What a table says of places in images, checked and packed. A column of that name that holds something else is left alone.
 * @param cells of each entry: JSON, `[{"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.3, "phrase": "yellow square"}]`
 */
export function packBoxes(
  cells: readonly (string | undefined)[] | undefined,
  name: (entry: number) => string,
): ReadBoxes {
  if (!cells?.some((cell) => cell !== undefined)) return {};
  const texts: string[] = [];
  for (const [entry, cell = "[]"] of cells.entries()) {
    const parsed = Boxes.safeParse(jsonIn(cell));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return {
        note: `column ${BOXES_COLUMN} is not read (${shortened(name(entry), 200)}: ${issue?.path.join(".") || "its cell"}: ${issue?.message}); places are [{"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.3, "phrase": "what is there"}], in shares of the image`,
      };
    }
    texts.push(JSON.stringify(parsed.data));
  }
  return { boxes: packCaptions(texts.map((text) => [text])) };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The boxes of an entry. */
export const boxesAt = (boxes: Captions, entry: number): readonly Box[] =>
  Boxes.parse(JSON.parse(captionAt(boxes, entry)));
