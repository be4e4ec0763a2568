// The examples of signing with other HTTP clients, each as a program: a call, a key that has run out, a redirect, a service that is
// gone. axios and got are not installed here: test/examples/peers.mjs runs this with them.
import { createReference, listen } from 'blazemeter-client/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDetector } from '../leak/detector.ts';
import { serve } from './fakes/serve.ts';
import { bundled, example, peers, run } from './program.ts';

const clients = peers === undefined ? ['undici'] : ['undici', 'axios', 'got'];

const reference = createReference();
const { keys } = reference.seed({
  users: { ana: {} },
  keys: { ci: { user: 'ana' }, old: { user: 'ana', expires: { days: -1 } } },
});
const tokenOf = ({ id, secret }: { id: string; secret: string }) => `${id}:${secret}`;
const TOKEN = tokenOf(keys.ci);
let url = '';
let close = async () => {};
beforeAll(async () => {
  ({ url, close } = await listen(reference));
});
afterAll(() => close());

describe.each(clients)('signing with %s', (client) => {
  let program = '';
  beforeAll(async () => {
    program = await bundled(example(`signing/${client}.mjs`));
  });
  const call = (address: string, token = TOKEN) => run(program, { BLAZEMETER_URL: address, BZ_TOKEN: token });
  const shown = ({ out, err }: { out: string; err: string }, token = TOKEN) => {
    const secret = token.slice(25);
    expect(createDetector({ secret })(out + err)).toEqual([]);
    return /Error: (.*)/.exec(err)?.[1];
  };

  it('works', async () => {
    expect(await call(url)).toEqual({ code: 0, out: 'ana\n', err: '' });
  });

  it('names a key that has expired, and not what was sent', async () => {
    const token = tokenOf(keys.old);
    const ended = await call(url, token);
    expect(shown(ended, token)).toBe('BlazeMeter answered 401.');
    expect(ended.code).toBe(1);
  });

  it('follows no redirect', async () => {
    const other = await serve(() => ({ status: 200, body: '{"result":{"displayName":"Somebody else"}}' }));
    const moved = await serve(() => ({ status: 302, headers: { location: `${other.url}/user` } }));
    const ended = await call(moved.url);
    await other.close();
    await moved.close();
    expect(moved.heard).toEqual(['GET /user']);
    expect(other.heard).toEqual([]);
    expect(shown(ended)).toBe('BlazeMeter answered 302.');
  });

  it('shows no header where the connection fails', async () => {
    const gone = await serve(() => ({ status: 200 }));
    await gone.close();
    expect(shown(await call(gone.url))).toMatch(/^BlazeMeter was not reached \(ECONNREFUSED\)\.$/);
  });
});
