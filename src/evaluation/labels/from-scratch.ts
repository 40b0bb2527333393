import type { AnyOptions } from "../../foundation/named.ts";

/** What training from scratch has that fine-tuning does not need: random weights can use more steps and stronger augmentation. */
export interface FromScratch {
  /** Approximate number of steps; 3,000 by default, see `finetune`. */
  readonly steps?: number;
  /** Options of `supervised`: `{ mixup: 0.2, cutmix: 1, strongViews: true }`. */
  readonly options?: AnyOptions;
  /** How samples are augmented, instead of how they were for the run: `{ randAugment: 2 }` for images. */
  readonly modalityOptions?: AnyOptions;
}
