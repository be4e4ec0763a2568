// A sample of what fuzz.deep.ts does in full: a few hundred spoilt inputs for each parser, the same ones every time.
import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';
import { parsers } from './parsers.ts';

it.each(parsers)(
  '$name: spoilt input is taken as what it is, or refused by an error of ours that shows nothing',
  async (parser) => {
    const { taken, inputs } = await fuzz(parser, 20_261_123, 150);
    // Neither takes all there is, nor refuses all.
    expect(taken).toBeGreaterThan(inputs / 50);
  },
);
