// The read-only part of the contract against the real service, where BLAZEMETER_LIVE is 1; and, always, against the
// reference implementation, so that it is known to work when it is needed.
import { defaultCredentials } from 'blazemeter-client/node';
import { expect, it } from 'vitest';
import { lookAt, report } from './live.ts';
import { makeWorld } from './parity/world.ts';

const SERVICE = 'https://a.blazemeter.com/api/v4';

it.skipIf(process.env.BLAZEMETER_LIVE !== '1')(
  'the real service, looked at with the credentials of this machine where BLAZEMETER_LIVE is 1',
  async () => {
    const fetch = (url: string, init?: RequestInit) => globalThis.fetch(url, init);
    const findings = await lookAt({ baseUrl: SERVICE, fetch, credentials: defaultCredentials() });
    console.log(['The real service, beside docs/openapi.yaml:', ...report(findings)].join('\n'));
  },
  300_000,
);

it('the reference implementation does not differ', async () => {
  const { reference, keys } = makeWorld({});
  const findings = await lookAt({ baseUrl: SERVICE, fetch: reference.fetch, credentials: keys.owner });
  expect(findings.length).toBe(15);
  expect(findings.filter(({ differences }) => differences.length > 0)).toEqual([]);
  for (const { method } of reference.journal.entries) expect(method).toBe('GET');
});

it('a service that differs is said to, without its values', async () => {
  const { reference, keys } = makeWorld({});
  const body = '{"limit":"many","result":[{"id":"an odd id"}]}';
  reference.faults.add({ operation: 'apiKeys.list', effect: 'response', body });
  const findings = await lookAt({ baseUrl: SERVICE, fetch: reference.fetch, credentials: keys.owner });
  const lines = report(findings).join('\n');
  expect(lines).toMatch(/apiKeys\.list +assumed +200 +differs:/);
  expect(lines).toContain('body/result/0/id must match pattern');
  expect(lines).toContain('body/limit must be integer');
  expect(lines).not.toContain('an odd id');
});
