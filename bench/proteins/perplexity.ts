/**
 * ESM's recipe on 19,000 UniProt proteins, and the pseudo-perplexity of the residues of 1,000 held-out ones (a seventh of the
 * residues masked at a time), beside the counts of residues and of pairs.
 *
 *   npm run bench:proteins -- [--seeds 0,1,2] [--epochs 4] [--table]
 *
 * Run again, it goes on. Data: `$AUTODIDACT_DATA` or ../shared/data. Runs: bench/work/proteins; results:
 * bench/results/proteins.jsonl.
 */
import { evaluateLanguage } from "../../src/index.ts";
import { machine } from "../series/machine.ts";
import { proteinArguments } from "./arguments.ts";
import { hasData, uniprotParts } from "./data.ts";
import { isMeasured, keep, pretrained, printTable } from "./shared.ts";

const { seeds, epochs, table } = proteinArguments();
if (!hasData()) process.exit(0);
for (const seed of table ? [] : seeds) {
  const { run, seconds } = await pretrained(seed, epochs);
  if (await isMeasured("perplexity", seed, run.step)) continue;
  const { train, heldOut } = await uniprotParts();
  const { perplexity, accuracy, unigram, bigram, words } = await evaluateLanguage({ run, data: heldOut, train, seed });
  const rows = {
    "perplexity, pre-trained": perplexity,
    "perplexity, residue counts": unigram?.perplexity ?? Number.NaN,
    "perplexity, counts of pairs": bigram?.perplexity ?? Number.NaN,
    "accuracy, pre-trained, %": 100 * accuracy,
    "residues predicted": words,
  };
  console.log(seed, rows);
  await keep({ bench: "perplexity", seed, steps: run.step, seconds: Math.round(seconds), machine: machine(), rows });
}
await printTable("perplexity");
