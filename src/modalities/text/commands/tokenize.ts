import { Option } from "commander";
import { wholeNumber } from "../../../cli/numbers.ts";
import { complain, print, printJson } from "../../../cli/output.ts";
import type { Configure } from "../../../cli/table.ts";
import { UserError } from "../../../foundation/errors.ts";
import { tokenize } from "../tokenizers/learn.ts";
import { tokenizerKinds } from "../tokenizers/train.ts";

interface Flags {
  readonly out: string;
  readonly kind: string;
  readonly vocabularySize?: string;
  readonly lowercase?: boolean;
  readonly column?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  command
    .argument("<data...>", "text file, CSV, TSV, JSON lines or Parquet (each also .gz), or a folder of them")
    .requiredOption("--out <file>", "tokenizer.json to write")
    .addOption(new Option("--kind <kind>", "wordpiece (BERT) or bpe (byte-level)").default("wordpiece"))
    .option("--vocabulary-size <count>", "tokens in the vocabulary (default: 8192, or fewer if the texts are few)")
    .option("--lowercase", "lower case only (wordpiece also drops accents): the default with wordpiece")
    .option("--no-lowercase", "keep capitals and accents: the default with bpe")
    .option("--column <name>", "column with the texts, by name or, without a header, by number (default: text)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  autodidact text tokenize corpus.txt --vocabulary-size 8192 --kind wordpiece --out tokenizer.json",
    )
    .action(async (data: string[], { out, vocabularySize, column, lowercase, json, ...flags }: Flags) => {
      const kind = tokenizerKinds.find((name) => name === flags.kind);
      if (!kind) throw new UserError(`--kind ${flags.kind}: must be one of ${tokenizerKinds.join(", ")}`);
      const size = vocabularySize === undefined ? undefined : wholeNumber("vocabulary-size", vocabularySize);
      const learned = await tokenize({ data, out, kind, vocabularySize: size, lowercase, column, onNote: complain });
      if (json) return printJson({ file: out, ...learned });
      print(`${out}: ${learned.tokens} tokens, learned from ${learned.texts} texts`);
    });
