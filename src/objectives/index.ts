export { boxLoss, meanIou } from "./boxes.ts";
export { gaussianKl } from "./gaussian-kl.ts";
export { bernoulliNll, gaussianNll, squaredError } from "./pixels.ts";
export { softCrossEntropy } from "./soft-cross-entropy.ts";
