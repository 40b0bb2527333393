import { UserError } from "../foundation/errors.ts";

/** `--steps`, which means the same in every command that trains on labels. */
export const STEPS = "optimiser steps of each training on labels, about: in whole epochs; fewer when it gets no better";

/** @throws UserError naming the flag when the text is no whole number of at least `least` */
export function wholeNumber(flag: string, text: string, least = 1): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && text.trim() !== "") return value;
  throw new UserError(`--${flag} ${text}: must be a whole number of at least ${least}`);
}

/** @throws UserError when the text is not whole numbers, each of at least 1 and once, with commas between */
export function wholeNumbers(flag: string, text: string): number[] {
  const values = text.split(",").map((part) => wholeNumber(flag, part.trim()));
  if (new Set(values).size === values.length) return values;
  throw new UserError(`--${flag} ${text}: a number occurs twice`);
}
