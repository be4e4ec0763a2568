// Who may set a maximum, as far as a plan can tell: by the account's owner, by the roles in its list of members, or not at all.
import { BlazeMeterClient } from 'blazemeter-client';
import { planPolicy } from 'blazemeter-client/rotation';
import { createReference } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { planWorld } from '../support/plan-world.ts';

const SHRINK = { maximum: '3 months' } as const;

describe('the roles of the caller', () => {
  const users = (change: (row: Record<string, unknown>) => unknown[]) => ({
    rows: { users: (all: Record<string, unknown>[]) => all.flatMap(change) },
  });
  const ana = (row: Record<string, unknown>) => row.email === 'ana@example.com';

  it.each([['owner'], ['admin']])('let an %s set it', async (role) => {
    const { plan } = planWorld(users((row) => [ana(row) ? { ...row, roles: ['standard', role] } : row]));
    expect((await plan(SHRINK)).maySet).toEqual({
      answer: 'yes',
      roles: ['standard', role],
      why: 'The owner and admins may (documented), and you are one of them.',
    });
  });

  it('are not known where the list of members lacks them', async () => {
    const { plan } = planWorld(users((row) => (ana(row) ? [] : [row])));
    expect((await plan(SHRINK)).maySet).toEqual({
      answer: 'unknown',
      roles: [],
      why: 'The owner and admins may (documented). You are not in the list of members, so your roles are not known.',
    });
  });

  it('are not known where the list cannot be read', async () => {
    const { plan } = planWorld({
      rows: {
        users: () => [{ id: 'no number' }],
      },
    });
    expect((await plan(SHRINK)).maySet).toEqual({
      answer: 'unknown',
      roles: [],
      why: 'The owner and admins may (documented). The list of members could not be read, so your roles are not known.',
    });
  });

  it('need no list where the account names the caller as its owner', async () => {
    const reference = createReference();
    const { keys, accounts } = reference.seed();
    reference.faults.add({ operation: 'accounts.users', effect: 'status', status: 403 });
    const client = new BlazeMeterClient({
      credentials: keys.owner,
      logLevel: 'off',
      fetch: reference.fetch,
    });
    expect((await planPolicy(client, accounts.main.id, SHRINK)).maySet).toEqual({
      answer: 'yes',
      roles: ['owner'],
      why: 'The owner and admins may (documented), and you are the owner.',
    });
  });

  it('are read from the list where the account names no owner', async () => {
    const reference = createReference();
    const { keys, accounts } = reference.seed();
    const client = new BlazeMeterClient({
      credentials: keys.owner,
      logLevel: 'off',
      fetch: async (url, init) => {
        const answer = await reference.fetch(url, init);
        const { status, headers } = answer;
        const text = (await answer.text()).replace(/"owner": \{[^}]*\}/g, '"owner": null');
        return new Response(text, { status, headers });
      },
    });
    expect((await planPolicy(client, accounts.main.id, SHRINK)).maySet).toEqual({
      answer: 'yes',
      roles: ['owner'],
      why: 'The owner and admins may (documented), and you are one of them.',
    });
  });
});
