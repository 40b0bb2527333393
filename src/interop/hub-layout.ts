import type { HuggingFaceLayout } from "./huggingface/layout.ts";
import { plainLayout } from "./plain.ts";
import type { Layout, PublishedModel } from "./publisher.ts";

/** The parameters under published names, with a note about them; under ours where there is no layout. */
export function hubLayout(model: PublishedModel, layout: HuggingFaceLayout | undefined): Layout {
  const { params, head } = model;
  if (!layout) return plainLayout(model);
  const { model: plain, classifier } = layout;
  const config = { ...layout.config, architectures: [head ? classifier.model : plain] };
  const tensors = layout.tensors(params.encoder);
  if (!head) return { config, tensors, note: layout.note(plain) };
  if (!head.linear) return { ...plainLayout(model), config };
  const { weight, bias } = head.linear;
  return {
    config,
    tensors: [
      ...tensors.map(([name, tensor]) => [`${classifier.prefix}${name}`, tensor] as const),
      ...(classifier.tensors?.(head.linear) ?? []),
      [`${classifier.layer}.weight`, weight],
      [`${classifier.layer}.bias`, bias],
    ],
    note: layout.note(classifier.model),
  };
}
