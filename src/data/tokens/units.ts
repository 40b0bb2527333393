import { ability } from "../ability.ts";
import type { TensorRecord } from "../modality.ts";
import type { Sample } from "../views.ts";

interface Offer {
  units(tensors: TensorRecord, view?: Sample): Int32Array;
}

/**
 * The units of a sample that may each have a label: the residues of a protein, the words of a text. Called with the sample's
 * tensors, and with the sample where it is a view of a part; gives for each of the encoder's tokens the unit that it stands for,
 * counted from 0 in the whole sample, ascending, or −1 for none.
 */
export const units = ability<Offer["units"]>()("units", "samples of units that may each have a label: residues, words");
