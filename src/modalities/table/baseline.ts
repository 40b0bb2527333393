import { float32 } from "../../array/tensor.ts";
import { offerOf } from "../../data/ability.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import { rawValues } from "../../evaluation/worth/features.ts";
import { columns } from "./abilities.ts";
import type { TableSample } from "./row.ts";

/** The columns as one would give them to a linear model. */
export function tableBaseline(built: Modality<TableSample>): Extractor {
  const offered = offerOf(built, columns);
  if (!offered) throw new Error(`${built.name}: no columns`);
  const dim = offered.sizes.reduce((sum, size) => sum + size, 0);
  const tensors = (sample: TableSample) => ({ features: float32(offered.standardised(sample), [dim]) });
  const specs = { features: { dtype: "float32", shape: [dim] } } as const;
  const features = rawValues({ ...built, specs, tensors, unseen: () => undefined }, "standardised columns");
  // One-hot columns stay 0 and 1: a rare category must not weigh more than a frequent one.
  return { ...features, standardized: false, forest: true };
}
