// The contract, through each front end of the reference implementation.
import { describe, expect, test } from 'vitest';
import { msw } from './front-end-msw.ts';
import { frontEnds } from './front-ends.ts';
import { runBehaviour } from './run.ts';
import { topics } from './suite.ts';

for (const frontEnd of [...frontEnds, msw]) {
  describe(`through ${frontEnd.name}`, { concurrent: frontEnd.concurrent }, () => {
    for (const { topic, behaviours } of topics) {
      describe(topic, () => {
        for (const behaviour of behaviours) {
          test(behaviour.name, () => runBehaviour(behaviour, frontEnd));
        }
      });
    }
  });
}

test('there are enough behaviours, each with a name of its own', () => {
  const names = topics.flatMap(({ topic, behaviours }) => behaviours.map(({ name }) => `${topic}: ${name}`));
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(120);
});
