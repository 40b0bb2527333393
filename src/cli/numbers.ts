import { UserError } from "../foundation/errors.ts";

/** Description of `--steps` for every command that trains on labels. */
export const STEPS =
  "optimiser steps of each training on labels, rounded to whole epochs; fewer when fine-tuning stops improving (default: 1000; from scratch 3000)";

/** @throws UserError naming the flag when the text is not a whole number of at least `least` */
export function wholeNumber(flag: string, text: string, least = 1): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && text.trim() !== "") return value;
  throw new UserError(`--${flag} ${text}: must be a whole number of at least ${least}`);
}

/** @throws UserError naming the flag when the text is not a number of at least `least` */
export function numberFrom(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least && text.trim() !== "") return value;
  throw new UserError(`--${flag} ${text}: must be a number of at least ${least}`);
}

/** @throws UserError unless the text is distinct whole numbers of at least 1, separated by commas */
export function wholeNumbers(flag: string, text: string): number[] {
  const values = text.split(",").map((part) => wholeNumber(flag, part.trim()));
  if (new Set(values).size === values.length) return values;
  throw new UserError(`--${flag} ${text}: a number occurs twice`);
}
