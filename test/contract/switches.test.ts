// The client is right under every value of every switch: the table again, under combinations in which every value of a
// switch meets every value of each other one. What a behaviour is about, it sets itself.
import { semanticsSwitches } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { allPairs, pairsOf, pairwise } from '../support/pairwise.ts';
import { failuresUnder } from './parity/under.ts';

const combinations = pairwise(semanticsSwitches);

describe('the contract holds', { timeout: 120_000 }, () => {
  for (const semantics of combinations) {
    const title = Object.entries(semantics).map(([name, value]) => `${name}=${value}`);
    it(`under ${title.join(' ')}`, async ({ expect }) => {
      expect(await failuresUnder(semantics)).toEqual([]);
    });
  }
});

it('every pair of values is among the combinations', () => {
  const met = new Set(combinations.flatMap((combination) => pairsOf(semanticsSwitches, combination)));
  expect([...allPairs(semanticsSwitches)].filter((pair) => !met.has(pair))).toEqual([]);
  expect(combinations.length).toBeLessThan(30);
});
