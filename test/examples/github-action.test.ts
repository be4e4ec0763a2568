// The rotation in GitHub Actions: its command as the workflow starts it, between the reference implementation and a fake of
// GitHub; and what the workflow must say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listen } from 'blazemeter-client/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createDetector } from '../leak/detector.ts';
import { accepts, keyIds, rotationWorld, type World } from '../rotation/support/world.ts';
import { copied } from './copy.ts';
import { type GitHubFake, githubFake } from './fakes/github.ts';
import { type Serving, serve } from './fakes/serve.ts';
import { bundled, type Ended, example, run } from './program.ts';

const workflow = parse(readFileSync(example('github-action/rotate.yml'), 'utf8'));
const command = readFileSync(example('github-action/rotate-key.ts'), 'utf8');
const job = workflow.jobs.rotate;
const steps: { name?: string; uses?: string; run?: string; env?: Record<string, string> }[] = job.steps;
const env = steps.find(({ name }) => name === 'Rotate')?.env ?? {};

const SCOPE = 'repos/acme/shop/actions';
const AT = `${SCOPE}/secrets/BZ_TOKEN`;

let program: string;
beforeAll(async () => {
  program = await bundled(join(copied('github-action'), 'rotate-key.ts'));
});

let world: World;
let github: GitHubFake;
let served: Serving;
let blazemeter: Awaited<ReturnType<typeof listen>>;
beforeEach(async () => {
  world = rotationWorld({ lifetime: 100 });
  const { id, secret } = world.keys.ci;
  github = githubFake([SCOPE], () => world.reference.clock.now());
  github.secrets.set(AT, `${id}:${secret}`);
  github.tokens.set('ghs_app', 'write').set('ghs_workflow', 'workflow').set('github_pat_read', 'read');
  served = await serve(github.response);
  blazemeter = await listen(world.reference);
});
afterEach(async () => {
  await served.close();
  await blazemeter.close();
});

const held = () => github.secrets.get(AT) ?? '';
const credentialsOf = (token: string) => {
  const [id = '', secret = ''] = token.split(':');
  return { id, secret };
};
const masksOf = (token: string): string[] =>
  [credentialsOf(token).secret, token, btoa(token)].map((value) => `::add-mask::${value}`);

/** A run, with the variables that the workflow and GitHub itself give it. */
async function play(environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const given = held();
  const fixed = Object.entries(env).filter(([, value]) => !value.includes('${{'));
  const ended = await run(program, {
    ...Object.fromEntries(fixed),
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: 'schedule',
    GITHUB_REPOSITORY: 'acme/shop',
    GITHUB_API_URL: served.url,
    BLAZEMETER_URL: blazemeter.url,
    BZ_TOKEN: given,
    SECRETS_TOKEN: 'ghs_app',
    KEY_REPLACES: world.keys.ci.id,
    REASON: 'schedule',
    ...environment,
  });
  const find = createDetector({ given: credentialsOf(given).secret, held: credentialsOf(held()).secret });
  expect(find(ended.out.replace(/^::add-mask::.*$/gm, '') + ended.err)).toEqual([]);
  return ended;
}

describe('the command', () => {
  it('replaces the key in the secret, and a run after the drain deletes the old one', async () => {
    const { ci, spare, theirs } = world.keys;
    const first = await play();
    expect(first.code, first.err).toBe(0);
    expect(first.out).toMatch(/Key \w{24}, phase draining, expires \d{4}-/);
    expect(credentialsOf(held()).id).not.toBe(ci.id);
    expect([credentialsOf(held()), ci].map((key) => accepts(world.reference, key))).toEqual([true, true]);

    world.reference.clock.advance({ hours: 25 });
    const second = await play({ REASON: 'expiry' });
    expect(second.out).toContain(`Key ${credentialsOf(held()).id}, phase idle`);
    expect(keyIds(world.reference)).toEqual([credentialsOf(held()).id, spare.id, theirs.id].sort());
  });

  it('masks both keys, as they are and as a header has them, before anything else is printed', async () => {
    const given = held();
    const { out } = await play();
    const lines = out.split('\n').filter((line) => line !== '');
    expect(lines.slice(0, 6)).toEqual([...masksOf(given), ...masksOf(held())]);
    expect(lines.slice(6).join('\n')).not.toContain('::add-mask::');
  });

  it('changes nothing in a dry run', async () => {
    const { code, out } = await play({ DRY_RUN: 'true' });
    expect(code).toBe(0);
    expect(out).toMatch(/Would: create the key github-ci\./);
    expect(github.history).toEqual([]);
  });

  it('deletes a leaked key in the same run', async () => {
    const { code, err } = await play({ REASON: 'leak' });
    expect(code, err).toBe(0);
    expect(accepts(world.reference, world.keys.ci)).toBe(false);
    expect(accepts(world.reference, credentialsOf(held()))).toBe(true);
  });

  it.each([
    ['for a pull request', { GITHUB_EVENT_NAME: 'pull_request_target' }, /does not run for pull requests/],
    ['without a key', { BZ_TOKEN: '' }, /BZ_TOKEN is not set/],
    ['for a reason that does not exist', { REASON: 'whim' }, /REASON is one of/],
    ['outside of GitHub Actions', { GITHUB_ACTIONS: '' }, /needs GITHUB_ACTIONS to be true/],
    ['with an address of GitHub that is not https', { GITHUB_API_URL: 'http://github.example' }, /https/],
  ])('sends nothing that changes something %s', async (_, environment, why) => {
    const { code, err } = await play(environment);
    expect(code).toBe(1);
    expect(err).toMatch(why);
    expect(github.history).toEqual([]);
    expect(world.reference.journal.entries.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('says which token it needs, before anything is changed, where it has a GITHUB_TOKEN', async () => {
    const { code, err } = await play({ SECRETS_TOKEN: 'ghs_workflow' });
    expect(code).toBe(1);
    expect(err).toMatch(/403\. GITHUB_TOKEN cannot: give a token of an App/);
    expect(keyIds(world.reference)).toEqual(
      Object.values(world.keys)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('fails where the token may not write, leaves the old key, and the next runs leave no orphan', async () => {
    const { spare, theirs } = world.keys;
    const old = held();
    const failed = await play({ SECRETS_TOKEN: 'github_pat_read' });
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/403/);
    expect(held()).toBe(old);
    expect(accepts(world.reference, credentialsOf(old))).toBe(true);
    for (const reason of ['schedule', 'expiry', 'expiry']) {
      world.reference.clock.advance({ hours: 25 });
      const { code, err } = await play({ REASON: reason });
      expect(code, err).toBe(0);
    }
    expect(keyIds(world.reference)).toEqual([credentialsOf(held()).id, spare.id, theirs.id].sort());
  });
});

describe('the workflow', () => {
  it('starts by the clock and by hand, and once at a time', () => {
    expect(Object.keys(workflow.on)).toEqual(['schedule', 'workflow_dispatch']);
    expect(workflow.concurrency['cancel-in-progress']).toBe(false);
  });

  it('pins every action by a full SHA, and puts no value into a script', () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@[0-9a-f]{40}$/);
    expect(steps.flatMap(({ run: script }) => script ?? [])).toEqual([
      'npm ci --ignore-scripts',
      'node github-action/rotate-key.ts',
    ]);
  });

  it('may only read the repository, and gives secrets to no step that installs', () => {
    expect([workflow.permissions, job.permissions]).toEqual([{}, { contents: 'read' }]);
    const installing = steps.filter(({ run: script }) => script?.includes('npm'));
    expect(JSON.stringify(installing)).not.toContain('secrets.');
  });

  it('gives the variables that the command needs', () => {
    const needed = [...command.matchAll(/needed\('(\w+)'\)/g)].map(([, name = '']) => name);
    // GitHub names the repository.
    expect(needed.filter((name) => !(name in env))).toEqual(['GITHUB_REPOSITORY']);
  });
});
