// The injection table: text from outside that would drive a terminal, turn a line around or command a CI system, put
// wherever such text can come from, through every view that prints. It must arrive broken in each.
import { BlazeMeterClient } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { obeyed, payloads } from '../support/acting.ts';
import { assertBroken, outputs } from './outputs.ts';
import { PAIR, places } from './places.ts';

// A third of the payloads in each place, another third in the next one. All of them: injection.deep.ts.
describe.each(Object.entries(places).map(([name, put], at) => ({ name, put, at })))(
  'in $name',
  ({ put, at }) => {
    const some = Object.entries(payloads).filter((_, payload) => (payload + at) % 3 === 0);
    it.each(some)('%s is broken wherever it is printed', async (_name, payload) => {
      assertBroken(await put(payload));
    });
  },
);

it.each(Object.entries(outputs))('all at once are broken in %s', async (_, play) => {
  const text = '::a\n::b\u001b[2J\u009b1m\u202ec\u2028d\u200b\ud800##vso[e]##teamcity[f]##[g]\r::h';
  for (const printed of await play(text)) assertBroken(printed);
});

it('the table can fail: each payload, printed as it is, would be obeyed', () => {
  for (const [name, payload] of Object.entries(payloads))
    expect([name, obeyed(payload).length > 0 || /\r|where|complete$/.test(payload + name)]).toEqual([
      name,
      true,
    ]);
});

it('a name of a key stays as the service has it: it is data, not a message', async () => {
  const name = payloads['text turned around'] ?? '';
  const fetch = async () => new Response(JSON.stringify({ result: { id: 'k', name, created: 1 } }));
  const client = new BlazeMeterClient({ credentials: PAIR, fetch });
  expect((await client.apiKeys.get('k')).name).toBe(name);
});
