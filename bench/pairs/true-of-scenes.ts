import type { PlacedShape } from "../../test/fixtures/scenes.ts";

const NUMBERS = ["no", "one", "two", "three"];
const GROUP = /^(\w+) (\w+) (square|circle|triangle)(s?)$/;
/** Of the first group: along which axis, and whether it comes first. */
const PLACES: Readonly<Record<string, readonly ["x" | "y", boolean]>> = {
  "at the left": ["x", true],
  "at the right": ["x", false],
  "at the top": ["y", true],
  "at the bottom": ["y", false],
  "left of": ["x", true],
  "right of": ["x", false],
  above: ["y", true],
  below: ["y", false],
};

/** The shapes that `two red squares` names; undefined if there are not so many, or others of the colour. */
function named(words: string, shapes: readonly PlacedShape[]): readonly PlacedShape[] | undefined {
  const [, number = "", colour, shape, plural] = GROUP.exec(words) ?? [];
  const some = shapes.filter((one) => one.colour === colour);
  const isRight =
    some.length > 0 &&
    some.length === NUMBERS.indexOf(number) &&
    some.every((one) => one.shape === shape) &&
    some.length > 1 === (plural === "s");
  return isRight ? some : undefined;
}

/** Whether a sentence, `two red squares left of one blue circle`, is true of a scene. @param size side of the scene */
export function isTrueOf(sentence: string, shapes: readonly PlacedShape[], size = 32): boolean {
  const place = Object.keys(PLACES).find((words) => sentence.includes(` ${words}`));
  if (place === undefined) return false;
  const [first = "", second = ""] = sentence.split(` ${place}`).map((part) => part.trim());
  const [axis, isFirst] = PLACES[place]!;
  const middles = (some: readonly PlacedShape[]) => some.map((shape) => shape[axis] + shape.side / 2);
  const one = named(first, shapes);
  if (!one) return false;
  if (place.startsWith("at")) return second === "" && middles(one).every((at) => at < size / 2 === isFirst);
  const other = named(second, shapes);
  if (!other) return false;
  const [low, high] = isFirst ? [one, other] : [other, one];
  return Math.max(...middles(low)) < Math.min(...middles(high));
}
