// The client is right under every value of every switch: the contract again, under combinations in which every value of
// a switch meets every value of each other one. What a behaviour is about, it sets itself.
import { semanticsSwitches } from 'blazemeter-client/testing';
import { describe, expect, test } from 'vitest';
import { frontEnds } from './front-ends.ts';
import { allPairs, pairsOf, pairwise } from './pairwise.ts';
import { runBehaviour } from './run.ts';
import { topics } from './suite.ts';

const combinations = pairwise(semanticsSwitches);
const [injected] = frontEnds;
/** What comes instead of an answer is the same under every switch. */
const alike = ['every status of every operation', 'answers that are not of the API'];

for (const semantics of combinations) {
  const title = Object.entries(semantics).map(([name, value]) => `${name}=${value}`);
  describe(`under ${title.join(' ')}`, () => {
    for (const { topic, behaviours } of topics.filter((each) => !alike.includes(each.topic))) {
      test(topic, async () => {
        if (injected === undefined) throw new Error('There is no front end.');
        const broken: string[] = [];
        const runs = behaviours.map((behaviour) =>
          runBehaviour(behaviour, injected, semantics).catch((error: unknown) =>
            broken.push(`${behaviour.name}: ${String(error)}`),
          ),
        );
        await Promise.all(runs);
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
