// The command of the Jenkins helper, started as the Jenkinsfile starts it, between the reference implementation and a fake of
// Jenkins; and what the Jenkinsfile must say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listen } from 'blazemeter-client/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDetector } from '../leak/detector.ts';
import { accepts, keyIds, rotationWorld, type World } from '../rotation/support/world.ts';
import { copied } from './copy.ts';
import { elementOf, type JenkinsFake, jenkinsFake } from './fakes/jenkins.ts';
import { type Serving, serve } from './fakes/serve.ts';
import { bundled, type Ended, example, run } from './program.ts';

const jenkinsfile = readFileSync(example('jenkins-helper/Jenkinsfile'), 'utf8');
const command = readFileSync(example('jenkins-helper/rotate-key.ts'), 'utf8');

let program: string;
beforeAll(async () => {
  program = await bundled(join(copied('jenkins-helper'), 'rotate-key.ts'));
});

let world: World;
let jenkins: JenkinsFake;
let served: Serving;
let blazemeter: Awaited<ReturnType<typeof listen>>;
beforeEach(async () => {
  world = rotationWorld({ lifetime: 100 });
  const { id, secret } = world.keys.ci;
  jenkins = jenkinsFake(
    `<com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl><scope>GLOBAL</scope><id>blazemeter</id><username>${id}</username><password>${secret}</password></com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl>`,
  );
  served = await serve(jenkins.response);
  blazemeter = await listen(world.reference);
});
afterEach(async () => {
  await served.close();
  await blazemeter.close();
});

const held = () => ({
  id: elementOf(jenkins.document, 'username') ?? '',
  secret: elementOf(jenkins.document, 'password') ?? '',
});

/** A run, with the variables that the Jenkinsfile and Jenkins itself give it. */
async function play(environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const given = held();
  const fixed = [...jenkinsfile.matchAll(/^ {4}(KEY_\w+) = '(.*)'$/gm)];
  const ended = await run(program, {
    ...Object.fromEntries(fixed.map(([, name = '', value = '']) => [name, value])),
    JENKINS_URL: `${served.url}/`,
    BLAZEMETER_API_KEY_ID: given.id,
    BLAZEMETER_API_KEY_SECRET: given.secret,
    JENKINS_ROBOT: 'robot',
    JENKINS_ROBOT_TOKEN: 'api-token',
    BLAZEMETER_URL: blazemeter.url,
    KEY_REPLACES: world.keys.ci.id,
    REASON: 'schedule',
    DRY_RUN: 'false',
    ...environment,
  });
  const find = createDetector({ given: given.secret, held: held().secret });
  expect(find(ended.out + ended.err)).toEqual([]);
  expect(ended.out + ended.err).not.toContain('api-token');
  return ended;
}

describe('the command', () => {
  it('replaces the key in the credential, and a run after the drain deletes the old one', async () => {
    const { ci, spare, theirs } = world.keys;
    const first = await play();
    expect(first.code, first.err).toBe(0);
    expect(first.out).toMatch(/Key \w{24}, phase draining, expires \d{4}-/);
    expect(held().id).not.toBe(ci.id);
    expect(accepts(world.reference, held())).toBe(true);
    expect(accepts(world.reference, ci)).toBe(true);

    world.reference.clock.advance({ hours: 25 });
    const second = await play({ REASON: 'expiry' });
    expect(second.out).toContain(`Key ${held().id}, phase idle`);
    expect(keyIds(world.reference)).toEqual([held().id, spare.id, theirs.id].sort());
  });

  it('changes nothing in a dry run', async () => {
    const { code, out } = await play({ DRY_RUN: 'true' });
    expect(code).toBe(0);
    expect(out).toMatch(/Would: create the key jenkins-ci\./);
    expect(held().id).toBe(world.keys.ci.id);
  });

  it.each([
    ['for a pull request', { CHANGE_ID: '7' }, /does not run for pull requests/],
    ['without credentials', { BLAZEMETER_API_KEY_SECRET: '' }, /BLAZEMETER_API_KEY_SECRET is not set/],
    ['for a reason that there is not', { REASON: 'whim' }, /REASON is one of/],
  ])('does nothing %s', async (_, environment, why) => {
    const { code, err } = await play(environment);
    expect(code).toBe(1);
    expect(err).toMatch(why);
    expect(served.heard).toEqual([]);
    expect(world.reference.journal.count()).toBe(0);
  });

  it('fails, and leaves the old key alive, where Jenkins refuses the robot', async () => {
    const { code, err } = await play({ JENKINS_ROBOT_TOKEN: 'another' });
    expect(code).toBe(1);
    expect(err).toMatch(/401.*not accepted/);
    expect(held().id).toBe(world.keys.ci.id);
    expect(accepts(world.reference, world.keys.ci)).toBe(true);
  });
});

describe('the Jenkinsfile', () => {
  it('runs once at a time, and not for a pull request', () => {
    expect(jenkinsfile).toMatch(/^ +disableConcurrentBuilds\(\)$/m);
    expect(jenkinsfile).toMatch(/^ +when \{ not \{ changeRequest\(\) \} \}$/m);
  });

  it('puts nothing into a Groovy string, and no variable into a command line', () => {
    expect(jenkinsfile).not.toContain('"');
    const shells = [...jenkinsfile.matchAll(/\bsh '([^']*)'/g)].map(([, line]) => line);
    expect(shells).toEqual(['npm ci --ignore-scripts', 'node jenkins-helper/rotate-key.ts']);
    expect(jenkinsfile.match(/\bsh\b/g)).toHaveLength(2);
  });

  it('installs nothing while a secret is in the environment', () => {
    const block = jenkinsfile.slice(jenkinsfile.indexOf('withCredentials'));
    expect(block).not.toContain('npm');
  });

  it('gives the variables that the command needs', () => {
    const given = new Set(jenkinsfile.match(/\b[A-Z]+_[A-Z_]+\b/g));
    const needed = [...command.matchAll(/needed\('(\w+)'\)/g)].map(([, name]) => name);
    // Jenkins gives its own address.
    expect(needed.filter((name = '') => !given.has(name))).toEqual(['JENKINS_URL']);
  });
});
