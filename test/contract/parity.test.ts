// The same API through every front end of the reference implementation, and each request and response checked against
// docs/openapi.yaml. The four files *.msw.test.ts are the ones to read; this table has every detail that they leave out.
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import { describe, expect, it } from 'vitest';
import { type FrontEnd, frontEnds, SERVICE } from './parity/front-ends.ts';
import { runBehaviour } from './parity/run.ts';
import { topics } from './parity/suite.ts';

for (const frontEnd of frontEnds) {
  describe(`through ${frontEnd.name}`, { concurrent: true }, () => {
    for (const { topic, behaviours } of topics) {
      describe(topic, () => {
        for (const behaviour of behaviours) it(behaviour.name, () => runBehaviour(behaviour, frontEnd));
      });
    }
  });
}

const msw: FrontEnd = {
  name: 'msw',
  async open(reference) {
    const server = setupServer(...handlers(reference));
    server.listen({ onUnhandledRequest: 'error' });
    return {
      baseUrl: SERVICE,
      fetch: (url, init) => globalThis.fetch(url, init),
      close: async () => server.close(),
    };
  },
};

// What msw itself might change on the way: raw headers and bodies, and responses that are not of the API.
describe('through msw', () => {
  for (const { topic, behaviours } of topics) {
    if (!['envelope and headers', 'responses that are not of the API'].includes(topic)) continue;
    describe(topic, () => {
      for (const behaviour of behaviours) it(behaviour.name, () => runBehaviour(behaviour, msw));
    });
  }
});

it('each behaviour has a name of its own', () => {
  const names = topics.flatMap(({ topic, behaviours }) => behaviours.map(({ name }) => `${topic}: ${name}`));
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});
