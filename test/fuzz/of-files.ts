// Parsers of files that people write: key files, Taurus's settings, manifests. Each input is a file, since bytes that are no
// text are a part of what can be wrong.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { fromKeyFile, fromTaurus } from 'blazemeter-client/node';
import { parse } from 'yaml';
import { readManifest } from '../../src/cli/keys/manifest.ts';
import type { Fuzzed } from './fuzz.ts';
import { assertHidden, SECRETS } from './oracle.ts';
import type { Random } from './random.ts';
import { type Json, spoilBytes } from './spoil.ts';
import { parsed, spoilt, spoiltJson, taken, takenLater } from './trial.ts';

const secrets = Object.values(SECRETS);
const ID = '7e57ed0123456789abcdef01';

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const files = {
  key: join(folder, 'api-key.json'),
  taurus: join(folder, '.bzt-rc'),
  manifest: join(folder, 'keys.json'),
};
const keyFile = fromKeyFile(files.key);
const taurusFile = fromTaurus({ path: files.taurus });

/** The bytes of an input, and what they look like. */
function bytesOf(random: Random, text: string, whole: boolean) {
  const bytes = spoilBytes(random, text, !whole && random.chance(0.2) ? 1 + random.int(3) : 0);
  return { bytes, shown: Buffer.from(bytes).toString('latin1') };
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const keyFiles: Fuzzed = {
  name: 'key files',
  make(random) {
    const roots = secrets.map((secret) => ({ id: ID, secret, note: 'mine' }));
    const { text, whole } = spoiltJson(random, roots, { secrets });
    const mark = random.chance(0.1) ? '\ufeff' : '';
    const { bytes, shown } = bytesOf(random, mark + text, whole);
    return {
      shown,
      check: async () => {
        writeFileSync(files.key, bytes, { mode: 0o600 });
        const pair = await takenLater(() => keyFile());
        assert.ok(pair !== undefined || !whole);
        if (pair === undefined) return false;
        // As any reader of JSON reads it.
        const value = parsed(textOf(bytes))?.value;
        assert.deepEqual({ id: pair.id, secret: revealed(pair.secret) }, pairIn(value));
        assertHidden(keyFile.describe?.() ?? '');
        return true;
      },
    };
  },
};

const revealed = (secret: string | { reveal(): string }): string =>
  typeof secret === 'string' ? secret : secret.reveal();

const pairIn = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? { id: Reflect.get(value, 'id'), secret: Reflect.get(value, 'secret') }
    : undefined;

const yamls = [
  ...secrets.map((secret) => `modules:\n  blazemeter:\n    token: ${JSON.stringify(`${ID}:${secret}`)}\n`),
  `# mine\nmodules:\n  cloud:\n    token: '${ID}:${SECRETS.pair}'  # the pair\n    address: https://blazemeter.example.com\n`,
  `---\nsettings:\n  verbose: true\nmodules:\n  jmeter:\n    plugins:\n    - a\n    - b: c\n  blazemeter:\n    token: ${ID}:${SECRETS.pair}\n`,
  `execution:\n- concurrency: 10\n  scenario: x\nmodules:\n  blazemeter: {a: b}\n  cloud:\n    token: ${ID}:${SECRETS.pair}\n`,
];

/** Lines moved, doubled, shifted. */
function spoilLines(random: Random, text: string): string {
  const lines = text.split('\n');
  for (let left = random.int(4); left > 0; left--) {
    const at = random.int(lines.length);
    const line = lines[at] ?? '';
    switch (random.int(6)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(random.int(lines.length), 0, line);
        break;
      case 2:
        lines[at] = ' '.repeat(random.int(9)) + line.trimStart();
        break;
      case 3:
        lines[at] = line + random.pick([' #x', '#x', ' ', ' "', " '", ' |', ' >', ': x', ' &a', ' *a', ',']);
        break;
      case 4:
        lines.splice(
          at,
          0,
          random.pick(['- x', 'x: 1', '...', '---', '%YAML 1.1', '? a', '"', '\t', 'a: |', '<<: *a']),
        );
        break;
      default:
        lines[at] = line.replace(
          ':',
          random.pick(['', ' :', ':\t', '::', ': -', ': !!str', ': ~', ': {', ': [']),
        );
    }
  }
  return lines.join('\n');
}

/** What a reader of YAML finds, or nothing where it finds no one meaning. */
function tokenByYaml(text: string): unknown {
  try {
    const settings: unknown = parse(text, { version: '1.1', logLevel: 'silent', uniqueKeys: false });
    const at = (value: unknown, key: string): unknown =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined;
    const modules = at(settings, 'modules');
    return at(at(modules, 'blazemeter'), 'token') || at(at(modules, 'cloud'), 'token');
  } catch {
    return undefined;
  }
}

const taurus: Fuzzed = {
  name: "Taurus's settings",
  make(random) {
    const roots = secrets.map((secret) => ({
      modules: { blazemeter: { token: `${ID}:${secret}`, address: 'https://x.example' } },
    }));
    const json = random.chance(0.25);
    const plain = json
      ? spoiltJson(random, roots, { secrets })
      : spoilt(random, yamls, [...secrets, '\n  ', ': ', '- ']);
    const lines = !json && !plain.whole && random.chance(0.7);
    const text = lines ? spoilLines(random, plain.text) : plain.text;
    const { bytes, shown } = bytesOf(random, text, plain.whole);
    return {
      shown,
      check: async () => {
        writeFileSync(files.taurus, bytes, { mode: 0o600 });
        const pair = await takenLater(() => taurusFile());
        if (pair === undefined) return false;
        if (pair.origin !== undefined) assert.equal(new URL(pair.origin).origin, pair.origin);
        const read = tokenByYaml(textOf(bytes));
        if (typeof read === 'string') assert.equal(`${pair.id}:${revealed(pair.secret)}`, read.trim());
        return true;
      },
    };
  },
};

const manifests: readonly Json[] = [
  {
    $schema: './keys-manifest.schema.json',
    defaults: { drain: '1 day', within: '30 days', expiresIn: 'max' },
    keys: [
      {
        name: 'ci',
        owner: 'team-load',
        source: { idEnv: 'CI_ID', secretEnv: 'CI_SECRET' },
        store: { file: 'ci.json' },
        sinks: [{ keyFile: 'out/api-key.json', name: 'runner' }],
      },
      {
        name: 'nightly',
        source: { tokenEnv: 'NIGHTLY' },
        store: {
          vault: {
            address: 'https://vault.example.com:8200',
            path: 'ci/x',
            tokenEnv: 'VAULT',
            pairKeys: { id: 'i', secret: 's' },
          },
        },
        drain: '2 hours',
      },
      {
        name: 'k',
        source: { keyFile: 'k.json' },
        store: { kubernetes: { namespace: 'ci', name: 'k', tokenEnv: 'T' } },
      },
      { name: 't', source: { taurus: '.bzt-rc' }, store: { file: 't.json' } },
    ],
  },
  { keys: [{ name: 'ci', source: { keyFile: 'k.json' }, store: { file: 'ci.json' } }] },
];

const schema: unknown = JSON.parse(
  readFileSync(new URL('../../docs/keys-manifest.schema.json', import.meta.url), 'utf8'),
);
const fits = new Ajv2020({ strict: false }).compile(Object(schema));

const manifest: Fuzzed = {
  name: 'manifests',
  make(random) {
    const { text, whole } = spoiltJson(random, manifests, { secrets });
    const { bytes, shown } = bytesOf(random, text, whole);
    return {
      shown,
      check: () => {
        writeFileSync(files.manifest, bytes);
        // Names of fields that are not known are told. A piece of a secret among them cannot be told from a name.
        const secret = secrets.some((one) => text.includes(JSON.stringify(one).slice(1, -1)));
        const read = taken(() => readManifest(files.manifest), 'command', secret);
        assert.ok(read !== undefined || !whole);
        if (read === undefined) return false;
        assert.ok(fits(read), 'it does not fit the published schema');
        return true;
      },
    };
  },
};

export const ofFiles: readonly Fuzzed[] = [keyFiles, taurus, manifest];
