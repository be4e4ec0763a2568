// The client is right under every value of every switch: the table again, under a few combinations in which each value occurs.
// Those in which every value meets every other one are in switches.deep.ts. What a behaviour is about, it sets itself.
import { semanticsSwitches } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { allPairs, eachValue, pairsOf, pairwise } from '../support/pairwise.ts';
import { failuresUnder } from './parity/under.ts';

const sample = eachValue(semanticsSwitches);

describe('the contract holds', { timeout: 120_000 }, () => {
  it.each(sample.map((semantics) => [Object.entries(semantics).join(' '), semantics] as const))(
    'under %s',
    async (_, semantics) => {
      expect(await failuresUnder(semantics)).toEqual([]);
    },
  );
});

it('every pair of values is among the combinations', () => {
  const combinations = pairwise(semanticsSwitches);
  const met = new Set(combinations.flatMap((combination) => pairsOf(semanticsSwitches, combination)));
  expect([...allPairs(semanticsSwitches)].filter((pair) => !met.has(pair))).toEqual([]);
  expect(combinations.length).toBeLessThan(30);
});
