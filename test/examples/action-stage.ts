// The stage on which the action is played: the reference implementation as BlazeMeter and our fake as GitHub, each on a
// port, each behind a gate; the bundle in a process of its own, started as the runner starts it. At every moment of every
// request the stage looks whether each reader's pair is accepted.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listen } from 'blazemeter-client/testing';
import { createDetector } from '../leak/detector.ts';
import { acceptance, rotationWorld, type World } from '../support/rotation.ts';
import { type GitHubFake, githubFake } from './fakes/github.ts';
import { gate, type Moment, parsed, serve } from './fakes/serve.ts';

const bundle = fileURLToPath(new URL('../../examples/github-action/dist/index.js', import.meta.url));

const SCOPE = 'repos/acme/shop/actions';
export const AT = `${SCOPE}/secrets/BZ_TOKEN`;
/** What the runs are given as drain. */
const DRAIN_MS = 12 * 3_600_000;

/** What is done at a moment of a request: `false` breaks the connection. */
export type Deed = (moment: Moment, call: string, child: Child) => Promise<boolean> | boolean;

export interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  /** Resolves once the child has printed this. */
  printed(text: string): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The requests of this run, such as `bm GET /api/v4/user` and `gh PUT /repos/…`. */
  readonly calls: readonly string[];
}

export interface Orders {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly deed?: Deed;
}

export interface Stage {
  readonly world: World;
  readonly github: GitHubFake;
  /** What the secret holds: the input of the next run. */
  held(): string;
  run(orders?: Orders): Promise<Ended>;
  /** Runs again, a day after each other, until nothing is left to do. */
  settle(): Promise<readonly Ended[]>;
  /** What was violated while the stage was played. */
  readonly violations: readonly string[];
  /** For a test in which a pair has to die. */
  forgive(): void;
  /** Every secret that was ever made, and every text that the runs have left. */
  leaks(): unknown[];
  close(): Promise<void>;
}

const pairOf = (token: string) => {
  const [id = '', secret = ''] = token.split(':');
  return { id, secret };
};

function readOutputs(text: string): Record<string, string> {
  const found = [...text.matchAll(/^(\S+)<<(\S+)\n([\s\S]*?)\n\2$/gm)];
  return Object.fromEntries(found.map(([, name = '', , value = '']) => [name, value]));
}

export async function openStage(): Promise<Stage> {
  const world = rotationWorld({ life: 100 });
  const { reference, keys } = world;
  const now = () => reference.clock.now();
  const github = githubFake([SCOPE], now);
  github.tokens.set('ghs_app', 'write').set('ghs_workflow', 'workflow').set('github_pat_read', 'read');
  github.secrets.set(AT, `${keys.ci.id}:${keys.ci.secret}`);
  const folder = mkdtempSync(join(tmpdir(), 'action-'));
  const secrets = new Map([['given', keys.ci.secret]]);
  const texts: string[] = [];
  const violations: string[] = [];
  const running = new Set<{ child: Child; deed: Deed | undefined; calls: string[] }>();
  /** Pairs that jobs may still have, and until when. */
  const readers = new Map<string, number>();
  let inSecret = github.secrets.get(AT) ?? '';

  function look(when: string): void {
    const held = github.secrets.get(AT) ?? '';
    if (held !== inSecret) {
      readers.set(inSecret, now().getTime() + DRAIN_MS);
      readers.delete(held);
      inSecret = held;
    }
    const works = acceptance(reference);
    if (!works(pairOf(held))) violations.push(`${when}: the pair of the secret is refused`);
    for (const [token, until] of readers)
      if (until > now().getTime() && !works(pairOf(token)))
        violations.push(`${when}: a job's pair is refused`);
    for (const key of [keys.spare, keys.theirs])
      if (!works(key)) violations.push(`${when}: a foreign key was touched`);
  }

  const keeper = (name: string) => async (moment: Moment, call: string, answer?: string) => {
    const made = parsed(answer ?? '')?.result;
    const secret: unknown = Object(made).secret;
    if (name === 'bm' && typeof secret === 'string') secrets.set(`made ${secrets.size}`, secret);
    look(`${moment} ${call}`);
    // One run at a time: whose request this is, is no question. Where there are more, the first one's deed is done.
    const [first] = running;
    if (moment === 'before') for (const { calls } of running) calls.push(call);
    return first?.deed === undefined ? true : first.deed(moment, call, first.child);
  };
  const blazemeter = await listen(reference);
  const { origin, pathname } = new URL(blazemeter.url);
  const fake = await serve(github.answer);
  const gates = [await gate(origin, 'bm', keeper('bm')), await gate(fake.url, 'gh', keeper('gh'))];
  const [bm = fake, gh = fake] = gates;
  let runs = 0;

  async function run({ inputs = {}, environment = {}, deed }: Orders = {}): Promise<Ended> {
    runs += 1;
    const home = join(folder, String(runs));
    const files = { GITHUB_OUTPUT: `${home}-output`, GITHUB_STEP_SUMMARY: `${home}-summary` };
    for (const file of Object.values(files)) writeFileSync(file, '');
    const given = {
      name: 'ci',
      token: github.secrets.get(AT) ?? '',
      'github-token': 'ghs_app',
      'base-url': `${bm.url}${pathname}`,
      replaces: keys.ci.id,
      drain: '12 hours',
      reason: 'schedule',
      ...inputs,
    };
    const process_ = spawn(process.execPath, [bundle], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        TMPDIR: folder,
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_NAME: 'schedule',
        GITHUB_REPOSITORY: 'acme/shop',
        GITHUB_API_URL: gh.url,
        ...files,
        ...Object.fromEntries(
          Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
        ),
        ...environment,
      },
    });
    let out = '';
    let err = '';
    const waiting = new Set<() => void>();
    process_.stdout.on('data', (chunk) => {
      out += chunk;
      for (const wake of waiting) wake();
    });
    process_.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const ended = new Promise<void>((done) => process_.on('close', () => done()));
    const printed = (text: string) =>
      new Promise<void>((done) => {
        const wake = () => {
          if (out.includes(text)) done();
        };
        waiting.add(wake);
        wake();
      });
    const entry = { child: { process: process_, ended, printed }, deed, calls: [] };
    running.add(entry);
    await ended;
    running.delete(entry);
    look('after a run');
    const [outputText = '', summary = ''] = Object.values(files).map((file) => readFileSync(file, 'utf8'));
    texts.push(out, err, outputText, summary);
    const { exitCode: code, signalCode: signal } = process_;
    return { code, signal, out, err, outputs: readOutputs(outputText), summary, calls: entry.calls };
  }

  return {
    world,
    github,
    violations,
    forgive: () => void violations.splice(0),
    held: () => github.secrets.get(AT) ?? '',
    run,
    async settle() {
      const ended: Ended[] = [];
      do {
        reference.clock.advance({ hours: 24 });
        // By default only what is due is begun: this is the clean-up, not the next rotation.
        const last = await run({ inputs: { reason: 'expiry' } });
        ended.push(last);
      } while (ended.at(-1)?.outputs['resume-after'] !== '' && ended.length < 5);
      return ended;
    },
    leaks() {
      const find = createDetector(Object.fromEntries(secrets));
      const left = readdirSync(folder).filter((name) => !/^\d+-(?:output|summary)$/.test(name));
      const shown = texts.join('\n').replace(/^::add-mask::.*$/gm, '');
      return [...left, ...find(shown)];
    },
    async close() {
      for (const server of [...gates, fake, blazemeter]) await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
