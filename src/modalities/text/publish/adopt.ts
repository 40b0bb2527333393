import * as z from "zod";
import type { AdoptedModel } from "../../../interop/publisher.ts";
import { BERT_FAMILY, importBert } from "./bert-import.ts";
import { importDistilBert } from "./distilbert-import.ts";
import { importGpt2 } from "./gpt2-import.ts";
import { adopted, type ImportedModel, readModelConfig } from "./import.ts";
import { importModernBert } from "./modernbert-import.ts";

/** What reads a folder, by `model_type` of its `config.json`. */
const importers: Readonly<Record<string, (folder: string) => Promise<ImportedModel>>> = {
  ...Object.fromEntries(BERT_FAMILY.map((type) => [type, importBert])),
  distilbert: importDistilBert,
  modernbert: importModernBert,
  gpt2: importGpt2,
};

/** Values of `model_type` that can be imported. */
export const TEXT_MODELS = Object.keys(importers);

const Typed = z.looseObject({ model_type: z.enum(TEXT_MODELS) });

/** The model in a folder as the start of a run. @throws UserError when it is incomplete, or of another kind */
export async function adoptText(folder: string): Promise<AdoptedModel> {
  const { config } = await readModelConfig(folder, Typed, "texts that is supported");
  return adopted(folder, await importers[config.model_type]!(folder));
}
