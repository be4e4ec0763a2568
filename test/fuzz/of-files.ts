// Parsers of files that people write: key files and Taurus's settings. Each input is a file, since bytes that are no
// text are a part of what can be wrong.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromKeyFile, fromTaurus } from 'blazemeter-client/node';
import { parse } from 'yaml';
import type { Fuzzed } from './fuzz.ts';
import { assertHidden, SECRETS } from './oracle.ts';
import type { Random } from './random.ts';
import { spoilBytes } from './spoil.ts';
import { parsed, spoilt, spoiltJson, takenLater } from './trial.ts';

const secrets = Object.values(SECRETS);
const ID = '7e57ed0123456789abcdef01';

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const files = {
  key: join(folder, 'api-key.json'),
  taurus: join(folder, '.bzt-rc'),
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
        const credentials = await takenLater(() => keyFile());
        assert.ok(credentials !== undefined || !whole);
        if (credentials === undefined) return false;
        // As any reader of JSON reads it.
        const value = parsed(textOf(bytes))?.value;
        assert.deepEqual({ id: credentials.id, secret: revealed(credentials.secret) }, credentialsIn(value));
        assertHidden(keyFile.describe?.() ?? '');
        return true;
      },
    };
  },
};

const revealed = (secret: string | { reveal(): string }): string =>
  typeof secret === 'string' ? secret : secret.reveal();

const credentialsIn = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? { id: Reflect.get(value, 'id'), secret: Reflect.get(value, 'secret') }
    : undefined;

const yamls = [
  ...secrets.map((secret) => `modules:\n  blazemeter:\n    token: ${JSON.stringify(`${ID}:${secret}`)}\n`),
  `# mine\nmodules:\n  cloud:\n    token: '${ID}:${SECRETS.credentials}'  # the credentials\n    address: https://blazemeter.example.com\n`,
  `---\nsettings:\n  verbose: true\nmodules:\n  jmeter:\n    plugins:\n    - a\n    - b: c\n  blazemeter:\n    token: ${ID}:${SECRETS.credentials}\n`,
  `execution:\n- concurrency: 10\n  scenario: x\nmodules:\n  blazemeter: {a: b}\n  cloud:\n    token: ${ID}:${SECRETS.credentials}\n`,
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
        const credentials = await takenLater(() => taurusFile());
        if (credentials === undefined) return false;
        if (credentials.origin !== undefined)
          assert.equal(new URL(credentials.origin).origin, credentials.origin);
        const read = tokenByYaml(textOf(bytes));
        if (typeof read === 'string')
          assert.equal(`${credentials.id}:${revealed(credentials.secret)}`, read.trim());
        return true;
      },
    };
  },
};

export const ofFiles: readonly Fuzzed[] = [keyFiles, taurus];
