import { completing } from "../../../cli/language/complete.ts";

export const configure = completing({
  text: 'text with masks ("the [MASK] sat"), or the beginning of one',
  examples: [
    'autodidact text complete runs/books "the [MASK] sat on the mat"',
    'autodidact text complete runs/stories "Once upon a time" --tokens 60 --temperature 0.8',
  ],
});
