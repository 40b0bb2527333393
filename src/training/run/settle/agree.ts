import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../../foundation/errors.ts";
import type { Options } from "../choices.ts";

/** What one of several methods asks for, by option. */
export interface Wish {
  readonly of: string;
  readonly options: Options;
}

/**
 * What the methods of a combination ask for, as one record.
 * @param decided what the user has decided, which need not be agreed on
 * @throws UserError naming two methods that ask for different values of an option
 */
export function agree(wishes: readonly Wish[], decided: Options = {}): Options {
  const agreed = new Map<string, { of: string; value: unknown }>();
  for (const { of, options } of wishes)
    for (const [option, value] of Object.entries(options)) {
      if (value === undefined || decided[option] !== undefined) continue;
      const before = agreed.get(option);
      if (before && !isDeepStrictEqual(before.value, value))
        throw new UserError(
          `${before.of} asks for ${option} ${shown(before.value)}, and ${of} for ${shown(value)}; choose one with ${flag(option)}`,
        );
      agreed.set(option, before ?? { of, value });
    }
  return Object.fromEntries([...agreed].map(([option, { value }]) => [option, value]));
}

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(",") : String(value));

/** `cropScale` → `--crop-scale`. */
const flag = (option: string): string => `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
