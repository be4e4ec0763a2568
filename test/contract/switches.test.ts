// The client is right under every value of every switch: the contract again, under combinations in which every value of
// a switch meets every value of each other one. What a behaviour is about, it sets itself.
import { semanticsSwitches } from 'blazemeter-client/testing';
import { describe, expect, test } from 'vitest';
import { allPairs, pairsOf, pairwise } from '../support/pairwise.ts';
import { brokenUnder, switchedTopics } from './parity/under.ts';

const combinations = pairwise(semanticsSwitches);

for (const semantics of combinations) {
  const title = Object.entries(semantics).map(([name, value]) => `${name}=${value}`);
  describe(`under ${title.join(' ')}`, () => {
    for (const topic of switchedTopics) {
      test(topic.topic, async () => {
        const broken = await brokenUnder(semantics, topic);
        if (broken.length > 0) throw new Error(broken.join('\n'));
      });
    }
  });
}

test('every pair of values is among the combinations', () => {
  const met = new Set(combinations.flatMap((combination) => pairsOf(semanticsSwitches, combination)));
  expect([...allPairs(semanticsSwitches)].filter((pair) => !met.has(pair))).toEqual([]);
  expect(combinations.length).toBeLessThan(30);
});
