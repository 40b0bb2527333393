/** Who can offer an ability: a kind of data, or an encoder. */
export type Side = "modality" | "encoder";

/**
 * Something that a kind of data or an encoder may offer and a method may need. The token carries the name under which it
 * is offered, a one-line summary, and the type of the offer.
 */
export interface Ability<Name extends string = string, Offer = unknown, By extends Side = Side> {
  readonly kind: "ability";
  readonly by: By;
  readonly name: Name;
  /** Description for `autodidact methods` and for messages: "can be cut into a grid of tiles". */
  readonly summary: string;
  /** Carries the type of the offer; never has a value. */
  readonly offer?: Offer;
}

/**
 * Declares what a kind of data may offer. Write offers that take samples as methods, so that a kind's own sample type
 * fits: `ability<{ rotate(sample: Sample, quarters: number): Sample }["rotate"]>()`.
 *
 * @example
 * export const rotate = ability<Rotate>()("rotate", "can be turned by quarters");
 */
export const ability =
  <Offer>() =>
  <const Name extends string>(name: Name, summary: string): Ability<Name, Offer, "modality"> => ({
    kind: "ability",
    by: "modality",
    name,
    summary,
  });

/** Declares what an encoder may offer. */
export const encoderAbility =
  <Offer>() =>
  <const Name extends string>(name: Name, summary: string): Ability<Name, Offer, "encoder"> => ({
    kind: "ability",
    by: "encoder",
    name,
    summary,
  });

/** The offers of these abilities, by name. */
export type Offered<Needs extends Ability> = {
  readonly [Need in Needs as Need["name"]]: NonNullable<Need["offer"]>;
};

/** The abilities of one side. */
export type By<Needs extends Ability, Who extends Side> = Extract<Needs, { readonly by: Who }>;

/**
 * Whether a modality or an encoder offers an ability; the type follows.
 *
 * @example
 * if (offers(modality, vocabulary)) modality.vocabulary.size;
 */
export const offers = <Owner extends object, Need extends Ability>(
  owner: Owner,
  need: Need,
): owner is Owner & Offered<Need> => need.name in owner;

/** The offer, or undefined. */
export function offerOf<Need extends Ability>(owner: object, need: Need): NonNullable<Need["offer"]> | undefined {
  const offer: NonNullable<Need["offer"]> | undefined = Reflect.get(owner, need.name);
  return offer;
}
