// What a web page or a serverless function pays for the client.

import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { doors, type Packed, packed } from './packed.ts';

/** The most that the client may weigh, minified and gzipped: bytes. The aim is 16,000. */
const LIMIT = 24_000;
/** The same for the signer alone. */
const SIGNER_LIMIT = 6_000;

let parts: Packed;

beforeAll(async () => {
  parts = await packed();
});

async function bundled(source: string): Promise<{ code: string; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: parts.app },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  return { code: outputFiles.map(({ text }) => text).join(''), metafile };
}

test.each([
  ['the client', 'BlazeMeterClient', LIMIT],
  ['the signer alone', 'RequestSigner', SIGNER_LIMIT],
])('%s stays within its size, and takes in no other package', async (what, name, limit) => {
  const { code, metafile } = await bundled(`export { ${name} } from 'blazemeter-client';`);
  const bytes = gzipSync(code, { level: 9 }).length;
  console.log(`${what}: ${bytes} bytes min+gzip (limit ${limit})`);
  const others = Object.keys(metafile.inputs).filter((path) => !/blazemeter-client|<stdin>/.test(path));
  expect(others).toEqual([]);
  expect(bytes).toBeLessThanOrEqual(limit);
});

test('a door that is imported and not used leaves nothing behind', async () => {
  const all = (await doors(parts.app)).filter((door) => door !== 'blazemeter-client/testing/msw');
  expect(all.length).toBeGreaterThanOrEqual(5);
  const { code } = await bundled(all.map((door) => `import ${JSON.stringify(door)};`).join(' '));
  expect(code.trim()).toBe('');
});
