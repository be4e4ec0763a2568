// A live credential that is sent to the reference by mistake: it is warned of, once, and nothing of it is kept or shown.

import { createReference, listen } from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import { afterEach, expect, it, vi } from 'vitest';
import { basic } from '../support/reference.ts';
import { referenceCommand } from '../support/reference-command.ts';
import { madeUp } from '../support/scanner-samples.ts';

const command = referenceCommand();
const real = madeUp(1);
const pieces = new RegExp([real.id, real.secret].flatMap((text) => text.match(/.{8}/g) ?? []).join('|'));
const headers = { Authorization: basic(real) };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

it.each(['fetch', 'a port', 'msw'])(
  'by way of %s it is warned of once, and marked in the journal',
  async (way) => {
    const warn = vi.fn<(message: string) => void>();
    const reference = createReference({ warn });
    const { keys } = reference.seed();
    let url = 'https://a.blazemeter.com/api/v4';
    let send: typeof fetch = reference.fetch;
    if (way === 'a port') {
      const server = await listen(reference);
      closers.push(server.close);
      url = server.url;
      send = fetch;
    } else if (way === 'msw') {
      const server = setupServer(...handlers(reference));
      server.listen();
      closers.push(() => server.close());
      send = fetch;
    }
    for (const authorization of [basic(keys.owner), basic(real), basic(real)])
      await (await send(`${url}/user`, { headers: { authorization } })).text();

    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]?.[0]).toMatch(/looks real/);
    expect(warn.mock.calls[0]?.[0]).not.toMatch(pieces);
    expect(reference.journal.entries.map(({ looksReal, status }) => [looksReal, status])).toEqual([
      [false, 200],
      [true, 401],
      [true, 401],
    ]);
    expect(JSON.stringify([reference.journal.entries, reference.snapshot()])).not.toMatch(pieces);
  },
);

it('without a function of its own, the warning goes to the console', async () => {
  const console = vi.spyOn(globalThis.console, 'warn').mockReturnValue();
  await createReference().fetch('https://a.blazemeter.com/api/v4/user', { headers });
  expect(console).toHaveBeenCalledOnce();
  expect(String(console.mock.calls[0]?.[0])).not.toMatch(pieces);
});

it('the command says it once on standard error, and its journal marks the requests', async () => {
  const running = await command.start('--quiet');
  for (let i = 0; i < 2; i++) await (await fetch(`${running.url}/user`, { headers })).text();
  const journal = await (await fetch(`${running.control}journal`)).text();
  const { stdout, stderr } = await running.stop();
  expect(stderr.match(/looks real/g)).toHaveLength(1);
  expect(journal.match(/"looksReal": ?true/g)).toHaveLength(2);
  expect(stdout + stderr + journal).not.toMatch(pieces);
});

it('a test that must never see a live credential can make the warning fatal', () => {
  const reference = createReference({
    warn: (message) => {
      throw new Error(message);
    },
  });
  expect(() =>
    reference.handle({
      method: 'GET',
      path: '/api/v4/user',
      headers: { authorization: headers.Authorization },
    }),
  ).toThrow(/looks real/);
});
