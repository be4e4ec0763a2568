// A world in which plans of a policy are made: a member with a few keys, and answers that can be changed.
import { BlazeMeterClient } from 'blazemeter-client';
import { type PlanPolicyOptions, planPolicy } from 'blazemeter-client/rotation';
import { createReference } from 'blazemeter-client/testing';
import { isObject } from './reference.ts';

export const START = new Date('2030-06-01T12:00:00Z');

export interface Options {
  readonly maximum?: number;
  readonly second?: number;
  /** Changes the rows of an answer, by the end of its path. */
  readonly rows?: Readonly<Record<string, (rows: Record<string, unknown>[]) => unknown[]>>;
  /** Sees each request before it is answered; never resolves where it is to hang. */
  readonly before?: (requests: number) => Promise<void>;
}

/** ana is an ordinary member of an account of boss's, and asks with a key of hers. */
export function planWorld({ maximum = 3650, second, rows = {}, before }: Options = {}) {
  const reference = createReference({ clock: { at: START.toISOString(), frozen: true } });
  const of = { owner: 'boss', members: { ana: ['standard'] } } as const;
  const { keys, accounts, users } = reference.seed({
    users: { ana: {}, boss: {} },
    accounts: {
      main: { ...of, name: 'Main', apiKeyExpiration: maximum },
      ...(second === undefined ? {} : { second: { ...of, apiKeyExpiration: second } }),
    },
    keys: {
      late: { user: 'ana', expires: { days: 400 } },
      asker: { user: 'ana', expires: { days: 50 } },
      dead: { user: 'ana', created: { days: -9 }, expires: { days: -1 } },
    },
  });
  let requests = 0;
  const client = new BlazeMeterClient({
    credentials: keys.asker,
    logLevel: 'off',
    fetch: async (url, init) => {
      requests += 1;
      await before?.(requests);
      const answer = await reference.fetch(url, init);
      const change = rows[new URL(String(url)).pathname.split('/').at(-1) ?? ''];
      if (change === undefined) return answer;
      const { status, headers } = answer;
      const json: unknown = await answer.json();
      if (!isObject(json) || !Array.isArray(json.result)) throw new Error('This is no list.');
      return new Response(JSON.stringify({ ...json, result: change(json.result.filter(isObject)) }), {
        status,
        headers,
      });
    },
  });
  const plan = (options: PlanPolicyOptions) => planPolicy(client, accounts.main.id, options);
  return { plan, keys, accounts, users, requests: () => requests };
}
