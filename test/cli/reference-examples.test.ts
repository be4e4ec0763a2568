// The examples for other languages run, and every document starts our commands in the one form that is safe.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlazeMeterClient } from 'blazemeter-client';
import { Agent } from 'undici';
import { describe, expect, it } from 'vitest';
import { referenceCommand } from '../support/reference-command.ts';

const command = referenceCommand();
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a program of another language, which must be there. */
function run(
  program: string,
  args: readonly string[],
  folder: string,
): Promise<{ code: unknown; output: string }> {
  const env = {
    ...process.env,
    BLAZEMETER_REFERENCE: `${process.execPath} ${command.script()}`,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: folder, env, timeout: 100_000 }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT')
        reject(
          new Error(`${program} is not installed. What the documents say is tested with it: install it.`),
        );
      else resolve({ code: error === null ? 0 : (error.code ?? error.signal), output: stdout + stderr });
    });
  });
}

describe('the example', { timeout: 120_000 }, () => {
  it('in shell runs', async () => {
    const { code, output } = await run('sh', ['check-key.sh'], join(root, 'examples/reference-shell'));
    expect(output).toContain('all is well');
    expect(output.match(/^ok: /gm)).toHaveLength(7);
    expect(code).toBe(0);
  });

  it('in Python runs', async () => {
    const { code, output } = await run(
      'python3',
      ['-m', 'unittest', 'test_keys'],
      join(root, 'examples/reference-python'),
    );
    expect(output).toMatch(/Ran 5 tests[\s\S]*\nOK/);
    expect(code).toBe(0);
  });
});

it('the line for a certificate makes one that the command and our client get along with', async () => {
  const guide = readFileSync(join(root, 'docs/testing-recipes.md'), 'utf8');
  const [, line = ''] = /^(openssl req .*)$/m.exec(guide) ?? [];
  const cert = command.file('cert.pem', '');
  const key = join(dirname(cert), 'key.pem');
  await run('openssl', line.split(' ').slice(1), dirname(cert));
  const { url, keys } = await command.start('--tls-cert', cert, '--tls-key', key, '--print-credentials');
  const dispatcher = new Agent({ connect: { ca: readFileSync(cert, 'utf8') } });
  const client = new BlazeMeterClient({
    baseUrl: url,
    credentials: keys.owner,
    fetchOptions: { dispatcher },
  });
  expect((await client.user.get()).displayName).toBe('Olive Owner');
  await dispatcher.close();
});

describe('a command of ours is started by the name of its package', () => {
  // `npx` and the name of a command alone would fetch whatever package has that name. With --no-install it fetches nothing.
  const RUNNER = '(?:npx|bunx|pnpx|npm exec|npm x|pnpm dlx|pnpm exec|yarn dlx|yarn exec|bun x)';
  const START = new RegExp(String.raw`\b${RUNNER}((?: +-[^ ]+)*) +blazemeter-(?:reference|keys)\b`, 'g');
  const GOOD = /(?:^| )(?:--package=blazemeter-client(?:@[\w.^~-]+)?|--no-install)(?: |$)/;

  /** Starts that do not say which package they mean; quotes, commas and line ends of other notations aside. */
  const bare = (text: string): string[] =>
    [...text.replace(/\\\n|["',[\]`\s]+/g, ' ').matchAll(START)]
      .filter(([, options = '']) => !GOOD.test(options))
      .map(([start]) => start);

  it.each([
    'npx blazemeter-reference --port 0',
    'Run `npx -y blazemeter-reference`.',
    'npx --yes \\\n  blazemeter-keys list',
    'command: ["npx", "blazemeter-reference"]',
    'pnpm dlx blazemeter-reference',
    'npx --package=blazemeter-clients blazemeter-reference',
    'npx --package=blazemeter-client-evil blazemeter-reference',
  ])('which %j does not do', (text) => {
    expect(bare(text)).toHaveLength(1);
  });

  it.each([
    'npx --package=blazemeter-client blazemeter-reference --port 0',
    'npx --yes --package=blazemeter-client@0.1.0 blazemeter-keys list',
    'command: ["npx", "--package=blazemeter-client", "blazemeter-reference"]',
    'npx --no-install blazemeter-keys audit',
    'node_modules/.bin/blazemeter-reference',
  ])('which %j does', (text) => {
    expect(bare(text)).toEqual([]);
  });

  it('in the README, the documents, the examples and the sources', () => {
    const papers = readdirSync(root).filter((name) => name.endsWith('.md') || name === 'package.json');
    const folders = ['docs', 'examples', 'src', 'scripts'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.parentPath.includes('site'))
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
    );
    const files = [...papers, ...folders];
    expect(files).toEqual(expect.arrayContaining(['README.md', join('docs', 'testing.md')]));
    const found = files.flatMap((file) =>
      bare(readFileSync(join(root, file), 'utf8')).map((start) => `${file}: ${start}`),
    );
    expect(found).toEqual([]);
  });
});
