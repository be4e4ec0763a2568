// The read-only part of the contract against the real service, where somebody asks for it; and, always, against the
// reference implementation, so that it is known to work when it is needed.
import { isBlazeMeterError } from 'blazemeter-client';
import { defaultCredentials } from 'blazemeter-client/node';
import { expect, test } from 'vitest';
import { lookAt, report } from './live.ts';
import { makeWorld } from './parity/world.ts';

const SERVICE = 'https://a.blazemeter.com/api/v4';

/** The credential to use, or why there is none. */
async function permission() {
  if (process.env.BLAZEMETER_LIVE !== '1') return 'BLAZEMETER_LIVE is not 1';
  try {
    const { id, secret } = await defaultCredentials()({ reason: 'first' });
    return { id, secret };
  } catch (error) {
    return isBlazeMeterError(error) ? `there is no credential: ${error.message}` : 'there is no credential';
  }
}

test('the real service is looked at if BLAZEMETER_LIVE is 1 and there is a credential', async () => {
  const credentials = await permission();
  if (typeof credentials === 'string') {
    console.log(`The read-only contract was not run against the real service: ${credentials}.`);
    return;
  }
  const fetch = (url: string, init?: RequestInit) => globalThis.fetch(url, init);
  const findings = await lookAt({ baseUrl: SERVICE, fetch, credentials });
  console.log(['The real service, beside docs/openapi.yaml:', ...report(findings)].join('\n'));
}, 300_000);

test('the reference implementation does not differ', async () => {
  const { reference, keys } = makeWorld({});
  const findings = await lookAt({ baseUrl: SERVICE, fetch: reference.fetch, credentials: keys.owner });
  expect(findings.length).toBe(15);
  expect(findings.filter(({ differences }) => differences.length > 0)).toEqual([]);
  for (const { method } of reference.journal.entries) expect(method).toBe('GET');
});

test('a service that differs is said to, without its values', async () => {
  const { reference, keys } = makeWorld({});
  const body = '{"limit":"many","result":[{"id":"an odd id"}]}';
  reference.faults.add({ operation: 'apiKeys.list', effect: 'answer', body });
  const findings = await lookAt({ baseUrl: SERVICE, fetch: reference.fetch, credentials: keys.owner });
  const lines = report(findings).join('\n');
  expect(lines).toMatch(/apiKeys\.list +assumed +200 +differs:/);
  expect(lines).toContain('body/result/0/id must match pattern');
  expect(lines).toContain('body/limit must be integer');
  expect(lines).not.toContain('an odd id');
});
