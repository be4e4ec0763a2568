// What `client.diagnose()` tells about a credential, in data and in sentences.

import { BlazeMeterClient } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';

function setUp(credentials?: { id: string; secret: string }) {
  const reference = createReference();
  const { keys, accounts } = reference.seed();
  const client = new BlazeMeterClient({ credentials: credentials ?? keys.member, fetch: reference.fetch });
  return { reference, keys, accounts, client };
}

describe('diagnose', () => {
  it('says of a good key whose it is, with which roles, until when, and which policy binds', async () => {
    const { client, keys, accounts } = setUp();
    const diagnosis = await client.diagnose();
    expect(diagnosis).toMatchObject({
      ok: true,
      source: 'given in code',
      user: { id: keys.member.userId, email: 'm…@e…' },
      roles: [{ accountId: accounts.main.id, roles: ['standard'] }],
      expiresAt: new Date(keys.member.expiration * 1000),
      policy: { accountId: accounts.main.id, maximumDays: 3650 },
      problem: null,
    });
    expect(diagnosis.sentences.join('\n')).toContain('It works');
  });

  it('masks the address and the key id, and shows them whole on request', async () => {
    const { client, keys } = setUp();
    const masked = JSON.stringify(await client.diagnose());
    expect(masked).not.toContain('member@example.com');
    expect(masked).not.toContain(keys.member.id);
    const full = JSON.stringify(await client.diagnose({ full: true }));
    expect(full).toContain('member@example.com');
    expect(full).toContain(keys.member.id);
    expect(full).not.toContain(keys.member.secret.slice(20, 28));
  });

  it('finds a wrong key with one request, and says what is likely', async () => {
    const { client, reference } = setUp({ id: 'abcdefabcdefabcdefabcdef', secret: 'no such secret' });
    const diagnosis = await client.diagnose();
    expect(diagnosis).toMatchObject({ ok: false, problem: 'unauthorized', user: null });
    expect(diagnosis.sentences.at(-1)).toContain('is wrong, expired, deleted, or its secret was regenerated');
    expect(reference.journal.entries).toHaveLength(1);
  });

  it('distinguishes a 403 from a 401: the key works, but may not do this', async () => {
    const { client, reference } = setUp();
    reference.faults.add({ operation: 'user.get', effect: 'status', status: 403 });
    expect(await client.diagnose()).toMatchObject({ ok: true, problem: 'permission_denied' });
  });

  it('says so when there is no credential at all, before anything is sent', async () => {
    const reference = createReference();
    const credentials = async () => ({ id: '', secret: '' });
    const client = new BlazeMeterClient({ credentials, fetch: reference.fetch });
    expect(await client.diagnose()).toMatchObject({ ok: false, problem: 'credentials', keyId: null });
    expect(reference.journal.entries).toHaveLength(0);
  });

  it('goes on without what the service does not tell', async () => {
    const { client, reference } = setUp();
    reference.faults.add({ operation: ['apiKeys.get', 'accounts.list'], effect: 'status', status: 404 });
    expect(await client.diagnose()).toMatchObject({ ok: true, expiresAt: null, policy: null, roles: [] });
  });

  it('does not call a key bad that has worked before the network failed', async () => {
    const { client, reference } = setUp();
    reference.faults.add({ operation: 'apiKeys.get', effect: 'reset' });
    expect(await client.diagnose({ maxRetries: 0 })).toMatchObject({
      ok: true,
      problem: 'connection_failed',
    });
  });

  it('calls a key bad that was revoked in between', async () => {
    const { client, reference } = setUp();
    reference.faults.add({ operation: 'accounts.list', effect: 'status', status: 401 });
    expect(await client.diagnose()).toMatchObject({ ok: false, problem: 'unauthorized' });
  });

  it('reports a clock that is off', async () => {
    const { client, reference } = setUp();
    reference.clock.skew(-600_000);
    const { clockOffsetMs, sentences } = await client.diagnose();
    expect(Math.round((clockOffsetMs ?? 0) / 60_000)).toBe(-10);
    expect(sentences.at(-1)).toContain('clock differs');
  });
});
