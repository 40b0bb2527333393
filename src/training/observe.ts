import { type Array, lax, np, tree } from "../array/index.ts";
import { offerOf, offers } from "../data/ability.ts";
import { latents, map, patches, sequence, tokens } from "../encoders/abilities.ts";
import type { EncodeOptions, Encoder, Inputs, Params, TokenAbility } from "../encoders/index.ts";
import { trainingScope } from "../layers/scope.ts";

/**
 * Wraps an encoder so that its features of a training batch are recorded in the training scope: methods need not report
 * them. Tokens and maps are averaged to one vector per sample.
 */
export function observed(encoder: Encoder): Encoder {
  const { apply, hidden } = encoder;
  const watched = <Ability extends TokenAbility>(ability: Ability): Ability => ({
    ...ability,
    encode: (params: Params, inputs: Inputs, options?: EncodeOptions) =>
      noted(params, ability.encode(params, inputs, options), (vectors) => np.mean(vectors, 1)),
  });
  const local = offerOf(encoder, latents);
  return {
    ...encoder,
    apply: (params, inputs) => noted(params, apply(params, inputs), (vectors) => vectors),
    hidden: (params, inputs) =>
      noted(params, hidden(params, inputs), (state) =>
        np.mean(
          state,
          offers(encoder, map) || state.shape.length > 3 ? state.shape.map((_, axis) => axis).slice(2) : 1,
        ),
      ),
    ...Object.fromEntries(
      [tokens, patches, sequence].flatMap((ability) => {
        const offer = offerOf(encoder, ability);
        return offer ? [[ability.name, watched(offer)]] : [];
      }),
    ),
    ...(local && {
      latents: {
        ...watched(local),
        context: (params: Params, features: Array, options?: EncodeOptions) =>
          noted(params, local.context(params, features, options), (vectors) => np.mean(vectors, 1)),
      },
    }),
  };
}

function noted(params: Params, result: Array, toVectors: (result: Array) => Array): Array {
  const [weights] = tree.leaves<Array>(params);
  const scope = trainingScope();
  if (scope && weights) scope.representations.push({ weights, features: lax.stopGradient(toVectors(result)) });
  return result;
}
