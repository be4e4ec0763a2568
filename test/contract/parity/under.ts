// The contract under a choice of switches: what both the sample of combinations and all of them are run by.

import type { Combination } from '../../support/pairwise.ts';
import { frontEnds } from './front-ends.ts';
import { runBehaviour } from './run.ts';
import { topics } from './suite.ts';

/** What comes instead of an answer is the same under every switch. */
const alike = ['every status of every operation', 'responses that are not of the API'];

export const switchedTopics = topics.filter(({ topic }) => !alike.includes(topic));

/** The behaviours of a topic that do not hold under a combination, each with its reason. */
export async function brokenUnder(
  semantics: Combination,
  { behaviours }: (typeof topics)[number],
): Promise<string[]> {
  const [injected] = frontEnds;
  if (injected === undefined) throw new Error('There is no front end.');
  const broken: string[] = [];
  const runs = behaviours.map((behaviour) =>
    runBehaviour(behaviour, injected, semantics).catch((error: unknown) =>
      broken.push(`${behaviour.name}: ${String(error)}`),
    ),
  );
  await Promise.all(runs);
  return broken;
}
