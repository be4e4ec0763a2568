// What a bundler takes into a web page or a serverless function with the client. The sizes are printed, not judged.

import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { fields, json, repository } from './commands.ts';
import { entryPoints, type Packed, packed } from './packed.ts';

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

describe('a bundle', () => {
  it.each([
    ['the client', 'BlazeMeterClient'],
    ['the signer alone', 'RequestSigner'],
  ])('of %s holds no package but this one and its dependencies', async (what, name) => {
    const { code, metafile } = await bundled(`export { ${name} } from 'blazemeter-client';`);
    const { dependencies } = await json(`${repository}/package.json`);
    const expected = ['blazemeter-client', ...Object.keys(fields(dependencies))];
    const packages = Object.keys(metafile.inputs).flatMap(
      (path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
    );
    console.log(`${what}: ${gzipSync(code, { level: 9 }).length} bytes, minified and gzipped`);
    expect(packages).toContain('blazemeter-client');
    expect(expected).toEqual(expect.arrayContaining(packages));
  });

  it('of entry points that are imported and not used is empty', async () => {
    const all = (await entryPoints(parts.app)).filter(
      (entryPoint) => entryPoint !== 'blazemeter-client/testing/msw',
    );
    expect(all.length).toBeGreaterThanOrEqual(6);
    const { code } = await bundled(
      all.map((entryPoint) => `import ${JSON.stringify(entryPoint)};`).join(' '),
    );
    expect(code.trim()).toBe('');
  });
});
