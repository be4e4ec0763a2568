// The action from outside: its bundle as the runner starts it, between the reference implementation and a fake of GitHub.
// What it does when all goes well, what it refuses before anything is changed, and how it ends when it is cancelled.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accepts, keyIds } from '../support/rotation.ts';
import { AT, type Ended, openStage, type Stage } from './action-stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  expect(stage.violations).toEqual([]);
  expect(stage.leaks()).toEqual([]);
  await stage.close();
});

const idOf = (token: string): string => token.split(':')[0] ?? '';
const pairOf = (token: string) => ({ id: idOf(token), secret: token.slice(idOf(token).length + 1) });
const masksOf = (token: string): string[] =>
  [pairOf(token).secret, token, btoa(token)].map((value) => `::add-mask::${value}`);
const writes = ({ calls }: Ended) => calls.filter((call) => !call.includes(' GET '));

/** That a run ended with an error, and that neither side was changed by it. */
async function changesNothing(play: () => Promise<Ended>): Promise<string> {
  const before = [keyIds(stage.world.reference), stage.github.history.length];
  const ended = await play();
  expect(writes(ended)).toEqual([]);
  expect([keyIds(stage.world.reference), stage.github.history.length]).toEqual(before);
  expect({ code: ended.code, err: ended.err }).toEqual({ code: 1, err: '' });
  const [, error = ''] = /^::error::(.*)$/m.exec(ended.out) ?? [];
  return error;
}

describe('a run of the action', () => {
  it('replaces the key, and the next night deletes the old one', async () => {
    const { ci, spare, theirs } = stage.world.keys;
    const old = stage.held();
    const first = await stage.run();
    const fresh = stage.held();
    expect(first.code, first.out).toBe(0);
    expect(fresh).not.toBe(old);
    expect(first.outputs).toEqual({
      'key-id': idOf(fresh),
      rotated: 'true',
      'expires-at': expect.stringMatching(/^\d{4}-.*Z$/),
      'resume-after': expect.stringMatching(/^\d{4}-.*Z$/),
      phase: 'draining',
    });
    expect(first.summary).toContain(`The secrets hold the new key ${idOf(fresh)}.`);
    // The old pair lives while the drain lasts: jobs that were given it are under way.
    stage.world.reference.clock.advance({ hours: 11 });
    expect((await stage.run({ inputs: { reason: 'expiry' } })).outputs.phase).toBe('draining');
    expect(accepts(stage.world.reference, ci)).toBe(true);

    const [second, ...more] = await stage.settle();
    expect(more).toEqual([]);
    expect(second?.outputs).toMatchObject({
      'key-id': idOf(fresh),
      rotated: 'false',
      'resume-after': '',
      phase: 'idle',
    });
    expect(keyIds(stage.world.reference)).toEqual([idOf(fresh), spare.id, theirs.id].sort());
  });

  it('masks both pairs, as they are and as a header has them, before it names the new key', async () => {
    const given = stage.held();
    const { out } = await stage.run();
    const lines = out.split('\n').filter((line) => line !== '');
    expect(lines.slice(0, 6)).toEqual([...masksOf(given), ...masksOf(stage.held())]);
    expect(lines.slice(6).join('\n')).not.toContain('::add-mask::');
    expect(lines.slice(6).join('\n')).toContain(idOf(stage.held()));
  });

  it('does nothing while the end of the key is far', async () => {
    const ended = await stage.run({ inputs: { reason: '', within: '14 days' } });
    expect(ended.code).toBe(0);
    expect(writes(ended)).toEqual([]);
    expect(ended.out).toMatch(/::notice::The key \w+ is not due before/);
    stage.world.reference.clock.advance({ days: 87 });
    await stage.run({ inputs: { reason: 'expiry', within: '14 days' } });
    expect(stage.github.history).toHaveLength(1);
  });

  it('says in a dry run what it would do, and changes nothing', async () => {
    const ended = await stage.run({ inputs: { 'dry-run': 'true' } });
    expect(ended.code).toBe(0);
    expect(writes(ended)).toEqual([]);
    expect(ended.out).toMatch(/A dry run[\s\S]*Would: make the key ci\.[\s\S]*Would: give the new pair/);
    expect(ended.outputs).toMatchObject({ rotated: 'false' });
  });

  it('takes the first pair in two halves, and tells several secrets and a variable', async () => {
    const { id, secret } = stage.world.keys.ci;
    const ended = await stage.run({
      inputs: {
        token: '',
        'api-key-id': id,
        'api-key-secret': secret,
        'secret-name': 'BZ_TOKEN\nLOAD_TEST_TOKEN',
        'id-variable': 'BZ_KEY_ID',
      },
    });
    expect(ended.code, ended.out).toBe(0);
    expect(stage.github.secrets.get(AT.replace('BZ_TOKEN', 'LOAD_TEST_TOKEN'))).toBe(stage.held());
    expect(stage.github.variables.get(AT.replace('secrets/BZ_TOKEN', 'variables/BZ_KEY_ID'))).toBe(
      idOf(stage.held()),
    );
  });

  it('answers a leak at once: the leaked pair is dead when the run ends', async () => {
    const leaked = stage.held();
    // Nobody waits for the readers of a leaked pair.
    const ended = await stage.run({ inputs: { reason: 'leak' } });
    expect(ended.code, ended.out).toBe(0);
    expect(accepts(stage.world.reference, pairOf(leaked))).toBe(false);
    expect(accepts(stage.world.reference, pairOf(stage.held()))).toBe(true);
    expect(stage.violations.every((violation) => violation.endsWith("a job's pair is refused"))).toBe(true);
    stage.forgive();
  });

  it('signs with the recovery pair where somebody has made the given one worthless', async () => {
    const { id, secret } = stage.world.keys.spare;
    const { status } = await stage.world.reference.fetch(
      `https://a.blazemeter.com/api/v4/api-keys/${stage.world.keys.ci.id}/regenerate`,
      { method: 'POST', headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` } },
    );
    expect(status).toBe(200);
    const ended = await stage.run({ inputs: { 'recovery-token': `${id}:${secret}` } });
    expect(ended.code, ended.out).toBe(0);
    expect(ended.outputs['key-id']).toBe(idOf(stage.held()));
    expect(accepts(stage.world.reference, pairOf(stage.held()))).toBe(true);
    stage.forgive();
  });
});

describe('a run that was queued with the old pair', () => {
  it('changes nothing while the old pair works, nor when it is gone', async () => {
    const old = stage.held();
    expect((await stage.run()).code).toBe(0);
    const fresh = stage.held();
    stage.world.reference.clock.advance({ minutes: 20 });
    const noted = { 'id-variable': 'BZ_KEY_ID' };
    // The secret's variable tells a queued run which key the secret holds.
    await stage.run({ inputs: { ...noted, reason: 'expiry' } });
    const queued = await stage.run({ inputs: { ...noted, token: old } });
    expect(queued.code, queued.out).toBe(0);
    expect(writes(queued)).toEqual([]);
    expect(queued.outputs).toMatchObject({ rotated: 'false', 'key-id': idOf(fresh) });
    expect(queued.out).toMatch(/This run was given the key \w+, and \w+ has replaced it meanwhile/);

    await stage.settle();
    const error = await changesNothing(() => stage.run({ inputs: { token: old } }));
    expect(error).toMatch(/refused.*queued before a rotation/);
    expect(stage.held()).toBe(fresh);
  });

  it('leaves neither a gap nor an orphan where nothing tells it that it is late', async () => {
    const { spare, theirs } = stage.world.keys;
    const old = stage.held();
    await stage.run();
    const queued = await stage.run({ inputs: { token: old } });
    expect(queued.code, queued.out).toBe(0);
    await stage.settle();
    expect(keyIds(stage.world.reference)).toEqual([idOf(stage.held()), spare.id, theirs.id].sort());
  });
});

describe('two runs at once, where nothing keeps them apart', () => {
  it('leave neither a gap nor an orphan', async () => {
    const { spare, theirs } = stage.world.keys;
    const both = await Promise.all([stage.run(), stage.run()]);
    expect(both.map(({ code }) => code)).toContain(0);
    await stage.settle();
    expect(keyIds(stage.world.reference)).toEqual([idOf(stage.held()), spare.id, theirs.id].sort());
  });
});

describe('before anything is changed, the action refuses', () => {
  it('a GITHUB_TOKEN, and says which token it needs', async () => {
    const error = await changesNothing(() => stage.run({ inputs: { 'github-token': 'ghs_workflow' } }));
    expect(error).toMatch(/403\. GITHUB_TOKEN cannot: give a token of an App/);
  });

  it('a pair that BlazeMeter refuses', async () => {
    const token = `${stage.world.keys.ci.id}:${'0'.repeat(72)}`;
    expect(await changesNothing(() => stage.run({ inputs: { token } }))).toMatch(/refused/);
  });

  it.each<[string, Record<string, string>, Record<string, string>, RegExp]>([
    ['a pull request', {}, { GITHUB_EVENT_NAME: 'pull_request_target' }, /does not run for pull requests/],
    ['an address that is not https', { 'base-url': 'http://blazemeter.example' }, {}, /https/],
    [
      'an address of GitHub that is not https',
      {},
      { GITHUB_API_URL: 'http://github.example' },
      /https address only/,
    ],
    ['a runner that is none', {}, { GITHUB_ACTIONS: '' }, /needs GITHUB_ACTIONS to be true/],
  ])('%s', async (_, inputs, environment, why) => {
    let asked: readonly string[] = ['?'];
    const error = await changesNothing(async () => {
      const ended = await stage.run({ inputs, environment });
      asked = ended.calls;
      return ended;
    });
    expect(error).toMatch(why);
    expect(asked).toEqual([]);
  });

  it('shows no part of a pair that is malformed', async () => {
    const { secret } = stage.world.keys.ci;
    expect(await changesNothing(() => stage.run({ inputs: { token: secret } }))).toMatch(/token/);
  });
});

describe('a token that may read secrets but not write them', () => {
  it('fails the run; the old pair stays, and the next run leaves no orphan', async () => {
    const { spare, theirs } = stage.world.keys;
    const old = stage.held();
    const failed = await stage.run({ inputs: { 'github-token': 'github_pat_read' } });
    expect(failed.code).toBe(1);
    expect(failed.out).toMatch(/::error::The new secret of the key \w+ came, but no sink took it.*403/);
    expect(stage.held()).toBe(old);
    stage.world.reference.clock.advance({ hours: 24 });
    const mended = await stage.run();
    expect(mended.code, mended.out).toBe(0);
    await stage.settle();
    expect(keyIds(stage.world.reference)).toEqual([idOf(stage.held()), spare.id, theirs.id].sort());
  });
});

describe.runIf(process.platform !== 'win32')('a run that is cancelled', () => {
  it('stops at once where nothing was changed', async () => {
    const error = await changesNothing(() =>
      stage.run({
        async deed(moment, call, child) {
          if (moment !== 'before' || !call.endsWith('/accounts')) return true;
          child.process.kill('SIGINT');
          await child.printed('Cancelled: nothing was changed');
          return true;
        },
      }),
    );
    expect(error).toMatch(/was cancelled/);
  });

  it('brings a key that was made to its secret first', async () => {
    const old = stage.held();
    const ended = await stage.run({
      async deed(moment, call, child) {
        if (moment === 'after' && call.includes(' POST ')) {
          child.process.kill('SIGINT');
          await child.printed('what is in hand is finished');
        }
        return true;
      },
    });
    expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 0, signal: null });
    expect(stage.held()).not.toBe(old);
    expect(ended.outputs).toMatchObject({ rotated: 'true' });
  });

  it('finishes a put, too, where nothing but that was to be done', async () => {
    expect((await stage.run()).code).toBe(0);
    const ended = await stage.run({
      async deed(moment, call, child) {
        if (moment === 'before' && call.includes(' PUT ')) {
          child.process.kill('SIGINT');
          await child.printed('what is in hand is finished');
        }
        return true;
      },
    });
    expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 0, signal: null });
  });

  it('ends at SIGTERM whatever is in hand, and the next run makes it good', async () => {
    const { spare, theirs } = stage.world.keys;
    const ended = await stage.run({
      async deed(moment, call, child) {
        if (moment !== 'after' || !call.includes(' POST ')) return true;
        child.process.kill('SIGINT');
        await child.printed('what is in hand is finished');
        child.process.kill('SIGTERM');
        await child.ended;
        return false;
      },
    });
    expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 1, signal: null });
    expect(ended.out).toMatch(/::error::The run was cancelled/);
    expect((await stage.run()).code).toBe(0);
    await stage.settle();
    expect(keyIds(stage.world.reference)).toEqual([idOf(stage.held()), spare.id, theirs.id].sort());
  });
});
