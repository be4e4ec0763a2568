// The table under a choice of switches: what both the sample of combinations and all of them run.
import type { Combination } from '../../support/pairwise.ts';
import { injected } from './front-ends.ts';
import { runBehaviour } from './run.ts';
import { topics } from './suite.ts';

/** What no switch has a part in. */
const alike = [
  'pages, order and filters',
  'envelope and headers',
  'every status of every operation',
  'responses that are not of the API',
  'any request',
];

export const switchedTopics = topics.filter(({ topic }) => !alike.includes(topic));

/** The behaviours that do not hold under a combination, each with its reason. */
export async function failuresUnder(semantics: Combination): Promise<string[]> {
  const failures: string[] = [];
  for (const { topic, behaviours } of switchedTopics) {
    const runs = behaviours.map((behaviour) =>
      runBehaviour(behaviour, injected, semantics).catch((error: unknown) =>
        failures.push(`${topic}: ${behaviour.name}: ${String(error)}`),
      ),
    );
    await Promise.all(runs);
  }
  return failures;
}
