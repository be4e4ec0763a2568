// The task as it is uploaded: built, started by what its task.json says, between the reference implementation and a fake of
// Azure DevOps.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listen } from 'blazemeter-client/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createDetector } from '../leak/detector.ts';
import { accepts, keyIds, rotationWorld, type World } from '../rotation/support/world.ts';
import { temporaryFolder } from '../support/credentials.ts';
import { copied } from './copy.ts';
import { type Group, variableGroupFake } from './fakes/azure.ts';
import { type Serving, serve } from './fakes/serve.ts';
import { bundled, type Ended, example, run } from './program.ts';

const read = (name: string): string => readFileSync(example(`azure-pipelines-task/${name}`), 'utf8');
const task = JSON.parse(read('task.json'));

let program: string;
beforeAll(async () => {
  program = await bundled(join(copied('azure-pipelines-task'), 'src/main.ts'));
});

let world: World;
let group: Group;
let azure: Serving;
/** The token may read the group, and not write it. */
let readOnly = false;
let blazemeter: Awaited<ReturnType<typeof listen>>;
const secrets = new Map<string, string>();
beforeEach(async () => {
  world = rotationWorld({ lifetime: 100 });
  secrets.clear();
  const { id, secret } = world.keys.ci;
  secrets.set('given', secret);
  group = {
    id: 12,
    type: 'Vsts',
    name: 'blazemeter',
    description: 'of the load tests',
    variables: {
      BLAZEMETER_API_KEY_ID: { value: id },
      BLAZEMETER_API_KEY_SECRET: { value: secret, isSecret: true },
      OTHER: { value: 'stays', isSecret: true },
    },
    variableGroupProjectReferences: [{ name: 'blazemeter', projectReference: { name: 'My Project' } }],
  };
  const response = variableGroupFake(group, 'Bearer system-access-token');
  readOnly = false;
  azure = await serve((heard) => (readOnly && heard.method === 'PUT' ? { status: 403 } : response(heard)));
  blazemeter = await listen(world.reference);
});
afterEach(async () => {
  await azure.close();
  await blazemeter.close();
});

const held = () => ({
  id: group.variables.BLAZEMETER_API_KEY_ID?.value ?? '',
  secret: group.variables.BLAZEMETER_API_KEY_SECRET?.value ?? '',
});

/** A run, as the agent starts it: with the credentials that the group holds. */
async function play(
  inputs: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended & { readonly outputs: Readonly<Record<string, string>> }> {
  const given = {
    name: 'azure-ci',
    keyId: held().id,
    keySecret: held().secret,
    groupId: '12',
    accessToken: 'system-access-token',
    replaces: world.keys.ci.id,
    reason: 'schedule',
    baseUrl: blazemeter.url,
    // What a pipeline without this variable gives.
    withinDays: '$(WITHIN_DAYS)',
    ...inputs,
  };
  expect(Object.keys(given).filter((name) => !names.includes(name))).toEqual([]);
  const ended = await run(program, {
    TF_BUILD: 'True',
    BUILD_REASON: 'Schedule',
    SYSTEM_COLLECTIONURI: `${azure.url}/fabrikam/`,
    SYSTEM_TEAMPROJECT: 'My Project',
    ...Object.fromEntries(
      Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    ),
    ...environment,
  });
  secrets.set(held().id, held().secret);
  const shown = ended.out.replace(/^##vso\[task\.setsecret\].*$/gm, '') + ended.err;
  expect(createDetector(Object.fromEntries(secrets))(shown)).toEqual([]);
  const outputs = [...ended.out.matchAll(/^##vso\[task\.setvariable variable=(\w+);isOutput=true\](.*)$/gm)];
  return { ...ended, outputs: Object.fromEntries(outputs.map(([, name = '', value = '']) => [name, value])) };
}
const names: string[] = task.inputs.map(({ name }: { name: string }) => name);

describe('the task', () => {
  it('replaces the key in the group, and a run after the drain deletes the old one', async () => {
    const { ci, spare, theirs } = world.keys;
    const first = await play();
    expect(first.code, first.out).toBe(0);
    expect(held().id).not.toBe(ci.id);
    expect(accepts(world.reference, held())).toBe(true);
    expect(accepts(world.reference, ci)).toBe(true);
    expect(group.variables.OTHER?.value).toBe('stays');
    expect(first.outputs).toEqual({
      keyId: held().id,
      rotated: 'true',
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      resumeAfter: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(Object.keys(first.outputs)).toEqual(task.restrictions.settableVariables.allowed);

    world.reference.clock.advance({ hours: 25 });
    const second = await play({ reason: 'expiry' });
    expect(second.outputs).toMatchObject({ keyId: held().id, rotated: 'false', resumeAfter: '' });
    expect(keyIds(world.reference)).toEqual([held().id, spare.id, theirs.id].sort());
  });

  it('masks both sets of credentials, as they are and as a header has them, before it prints anything else', async () => {
    const { ci } = world.keys;
    const { out } = await play();
    const masks = [ci, held()].flatMap(({ id, secret }) => [
      secret,
      `${id}:${secret}`,
      btoa(`${id}:${secret}`),
    ]);
    const lines = out.split('\n').filter((line) => line !== '');
    expect(lines.slice(0, 6)).toEqual(masks.map((value) => `##vso[task.setsecret]${value}`));
  });

  it('fails, and changes nothing, where the token is not accepted', async () => {
    const { code, out } = await play({ accessToken: 'another' });
    expect(code).toBe(1);
    expect(out).toMatch(/##vso\[task\.logissue type=error\].*203.*the token is not accepted/);
    expect(out).toContain('##vso[task.complete result=Failed]');
    expect(held().id).toBe(world.keys.ci.id);
    expect(accepts(world.reference, world.keys.ci)).toBe(true);
  });

  it('fails where the token may read and not write the group; the old key lives, and the next run makes good', async () => {
    const { ci, spare, theirs } = world.keys;
    readOnly = true;
    const { code, out } = await play();
    expect(code).toBe(1);
    expect(out).toMatch(/403.*may not administer this variable group/);
    expect(held()).toEqual({ id: ci.id, secret: ci.secret });
    expect(accepts(world.reference, ci)).toBe(true);

    readOnly = false;
    expect((await play()).code).toBe(0);
    expect(accepts(world.reference, held())).toBe(true);
    world.reference.clock.advance({ hours: 25 });
    await play({ reason: 'expiry' });
    expect(keyIds(world.reference)).toEqual([held().id, spare.id, theirs.id].sort());
  });

  it.each([
    ['for a pull request', {}, { BUILD_REASON: 'PullRequest' }, /does not run for pull requests/],
    ['for a fork', {}, { SYSTEM_PULLREQUEST_ISFORK: 'True' }, /does not run for pull requests/],
    ['where it would print masks', {}, { TF_BUILD: '' }, /TF_BUILD/],
    ['without the secret', { keySecret: '$(BLAZEMETER_API_KEY_SECRET)' }, {}, /keySecret is missing/],
  ])('does nothing %s', async (_, inputs, environment, why) => {
    const { code, out } = await play(inputs, environment);
    expect(code).toBe(1);
    expect(out).toMatch(why);
    expect(azure.heard).toEqual([]);
    expect(world.reference.journal.count()).toBe(0);
  });
});

describe('task.json', () => {
  it('names every input that is read', () => {
    const sources = read('src/main.ts');
    const used = [...sources.matchAll(/agent\.(?:input|needed|count)\('(\w+)'\)/g)].map(([, name]) => name);
    expect([...new Set(used)].sort()).toEqual([...names].sort());
  });

  it('stands in the folder that build.mjs makes, beside the file that it starts', {
    timeout: 60_000,
  }, async () => {
    const folder = temporaryFolder();
    const build = join(copied('azure-pipelines-task'), 'build.mjs');
    await promisify(execFile)(process.execPath, [build, folder]);
    const built = JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8'));
    const { code, out } = await run(join(folder, built.execution.Node20_1.target), { TF_BUILD: 'True' });
    expect(out).toContain('##vso[task.logissue type=error]The input keyId is missing');
    expect(code).toBe(1);
  });
});

describe('the pipeline', () => {
  const pipeline = parse(read('azure-pipelines.yml'));
  const [step] = pipeline.stages[0].jobs[0].steps.filter((one: object) => 'task' in one);

  it('is started by the clock and by hand, and by nothing that a stranger can cause', () => {
    expect(pipeline).toMatchObject({ trigger: 'none', pr: 'none' });
    expect(pipeline.schedules).toHaveLength(1);
  });

  it('runs once at a time', () => {
    expect(pipeline.lockBehavior).toBe('sequential');
    expect(read('README.md')).toContain('**Exclusive lock**');
  });

  it('gives the task inputs that there are, all that are required among them, and no secret to a script', () => {
    expect(step.task).toBe(`${task.name}@${task.version.Major}`);
    const required = task.inputs.flatMap((one: { name: string; required: boolean }) =>
      one.required ? one.name : [],
    );
    expect(names).toEqual(expect.arrayContaining(Object.keys(step.inputs)));
    expect(Object.keys(step.inputs)).toEqual(expect.arrayContaining(required));
    const scripts = pipeline.stages[0].jobs[0].steps.flatMap((one: { script?: string }) => one.script ?? []);
    expect(scripts.join()).not.toMatch(/SECRET|AccessToken/);
  });
});
