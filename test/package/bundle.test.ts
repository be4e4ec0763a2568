// What a web page or a serverless function pays for the client.

import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { doors, type Packed, packed } from './packed.ts';

/** The most that the client may weigh, zod/mini included, minified and gzipped: bytes. The aim is 16,000. */
const LIMIT = 32_000;

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

test('the client stays within its size', async () => {
  const { code, metafile } = await bundled(`export { BlazeMeterClient } from 'blazemeter-client';`);
  const bytes = gzipSync(code, { level: 9 }).length;
  const shares = { ours: 0, zod: 0 };
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const isZod = path.replaceAll('\\', '/').includes('node_modules/zod/');
      shares[isZod ? 'zod' : 'ours'] += bytesInOutput;
    }
  }
  console.log(
    `client bundle: ${bytes} bytes min+gzip (limit ${LIMIT}); minified: ${shares.ours} ours, ${shares.zod} zod`,
  );
  expect(shares.zod).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(LIMIT);
});

test('a door that is imported and not used leaves nothing behind', async () => {
  const all = (await doors(parts.app)).filter((door) => door !== 'blazemeter-client/testing/msw');
  expect(all.length).toBeGreaterThanOrEqual(5);
  const { code } = await bundled(all.map((door) => `import ${JSON.stringify(door)};`).join(' '));
  expect(code.trim()).toBe('');
});
