// The client is right under every value of every switch: the table again, under a few combinations in which each value occurs.
// Those in which every value meets every other one are in switches.deep.ts. What a behaviour is about, it sets itself.
import { semanticsSwitches } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { allPairs, pairsOf, pairwise } from '../support/pairwise.ts';
import { failuresUnder } from './parity/under.ts';

const combinations = pairwise(semanticsSwitches);

/** Those that show a value which none before has. */
const valuesOf = (combination: object) =>
  Object.entries(combination).map(([name, value]) => `${name}=${value}`);
const sample = combinations.filter((combination, at) => {
  const before = new Set(combinations.slice(0, at).flatMap(valuesOf));
  return valuesOf(combination).some((value) => !before.has(value));
});

describe('the contract holds', { timeout: 120_000 }, () => {
  it.each(sample.map((semantics) => [valuesOf(semantics).join(' '), semantics] as const))(
    'under %s',
    async (_, semantics) => {
      expect(await failuresUnder(semantics)).toEqual([]);
    },
  );
});

it('every value is in the sample', () => {
  const all = semanticsSwitches.flatMap(({ name, values }) => values.map((value) => `${name}=${value}`));
  expect(new Set(sample.flatMap(valuesOf))).toEqual(new Set(all));
});

it('every pair of values is among the combinations', () => {
  const met = new Set(combinations.flatMap((combination) => pairsOf(semanticsSwitches, combination)));
  expect([...allPairs(semanticsSwitches)].filter((pair) => !met.has(pair))).toEqual([]);
  expect(combinations.length).toBeLessThan(30);
});
