// The action, killed: its process dies by SIGKILL when a request of it arrives, or after that was handled and before its
// answer leaves, at either server. It is started again with what the secret holds by then, at once or the next night.
// At every moment each reader's pair is accepted; in the end one key is left, and nobody else's was touched.
import { describe, expect, it } from 'vitest';
import { accepts, keyIds } from '../support/rotation.ts';
import { type Deed, openStage } from './action-stage.ts';
import type { Moment } from './fakes/serve.ts';

interface Kill {
  readonly moment: Moment;
  /** The n-th call that ends so, in a run. */
  readonly call: string;
  readonly nth?: number;
}

const USER = 'bm GET /api/v4/user';
const MAKE = 'bm POST /api/v4/api-keys';
const PUBLIC_KEY = 'gh GET /repos/acme/shop/actions/secrets/public-key';
const PUT = 'gh PUT /repos/acme/shop/actions/secrets/BZ_TOKEN';

/** What happens, in order: a run that is killed, a run, or time that passes. */
type Act = Kill | 'run' | 'minutes' | 'night';

const plays: [string, ...Act[]][] = [
  ['after GitHub was asked for its key', { moment: 'after', call: PUBLIC_KEY }, 'run'],
  ['before a key is made', { moment: 'before', call: MAKE }, 'run'],
  ['after a key was made', { moment: 'after', call: MAKE }, 'run'],
  ['after a key was made, and its key lies over night', { moment: 'after', call: MAKE }, 'night', 'run'],
  ['after the new pair was tested', { moment: 'after', call: USER, nth: 2 }, 'minutes', 'run'],
  ['before the secret is stored', { moment: 'before', call: PUT }, 'night', 'run'],
  ['after the secret was stored', { moment: 'after', call: PUT }, 'run'],
  ['after the secret was stored and the pair seen to work', { moment: 'after', call: USER, nth: 3 }, 'run'],
  ['before the old key is deleted', 'run', 'night', { moment: 'before', call: 'DELETE' }],
  ['after the old key was deleted', 'run', 'night', { moment: 'after', call: 'DELETE' }],
  [
    'after a key was made, and the next night after that was given a new secret',
    { moment: 'after', call: MAKE },
    'night',
    { moment: 'after', call: 'regenerate' },
    'run',
  ],
];

/** Kills at the given moment, and breaks the connection. */
function deedOf({ moment, call, nth = 1 }: Kill): Deed {
  let met = 0;
  return async (now, what, { process, ended }) => {
    const meets = call.startsWith('bm') || call.startsWith('gh') ? what === call : what.includes(call);
    if (now !== moment || !meets || ++met !== nth) return true;
    process.kill('SIGKILL');
    await ended;
    return false;
  };
}

describe.concurrent('the action, killed', () => {
  it.each(plays)('%s', { timeout: 60_000 }, async (_, ...acts) => {
    const stage = await openStage();
    const { reference, keys } = stage.world;
    try {
      for (const act of acts) {
        if (act === 'night') reference.clock.advance({ hours: 24 });
        else if (act === 'minutes') reference.clock.advance({ minutes: 20 });
        else if (act === 'run') expect(await stage.run()).toMatchObject({ code: 0, err: '' });
        else expect((await stage.run({ deed: deedOf(act) })).signal).toBe('SIGKILL');
      }
      expect((await stage.settle()).map(({ code }) => code)).not.toContain(1);
      const [id = '', secret = ''] = stage.held().split(':');
      expect(stage.violations).toEqual([]);
      expect(stage.leaks()).toEqual([]);
      expect(id).not.toBe(keys.ci.id);
      expect(accepts(reference, { id, secret })).toBe(true);
      expect(keyIds(reference)).toEqual([id, keys.spare.id, keys.theirs.id].sort());
    } finally {
      await stage.close();
    }
  });
});
