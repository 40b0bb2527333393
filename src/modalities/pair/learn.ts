import { offerOf } from "../../data/ability.ts";
import type { RunFiles } from "../../data/modality.ts";
import { countOfKeys } from "../../data/parts/keys.ts";
import type { Source } from "../../data/source.ts";
import { vocabulary } from "../../data/vocabulary.ts";
import { UserError } from "../../foundation/errors.ts";
import { kinds } from "./kinds.ts";
import type { PairOptions } from "./options.ts";
import { optionsOf, type PairSample } from "./pair.ts";
import { captionsIn } from "./sources/sides.ts";

/** Captions whose lengths are looked at, evenly spread. */
const PROBES = 1000;

/**
 * The tokenizer of the captions: the user's, or one learned from all of them, as texts learn it.
 * @throws UserError as texts do, and when all images show the same
 */
export async function learnCaptions(
  source: Source<PairSample>,
  options: PairOptions,
  onNote?: (note: string) => void,
): Promise<RunFiles> {
  const captions = captionsIn(source);
  if (source.length > 1 && source.keys && countOfKeys(source.keys) < 2)
    throw new UserError(
      `all ${source.length.toLocaleString("en")} images show the same, by their keys or their captions (${source.name(0)}: "${captions.text(0).slice(0, 60)}"); there is nothing to tell them apart by`,
    );
  const settled = optionsOf(kinds.text, options);
  const files = await kinds.text.learn?.(captions, settled, onNote);
  if (!files) throw new Error("texts have no tokenizer");
  const words = offerOf(kinds.text.build(settled, files), vocabulary);
  const count = Math.min(PROBES, captions.length);
  let longer = 0;
  for (let probe = 0; probe < count; probe++) {
    const caption = await captions.read(Math.floor((probe * captions.length) / count));
    if (words && words.allTokens(caption).length + 2 > words.length) longer++;
  }
  if (longer > 0)
    onNote?.(
      `${longer} of ${count} captions looked at have more than ${words?.length} tokens; of these the encoder sees the beginning (--max-length)`,
    );
  return files;
}
