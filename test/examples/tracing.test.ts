// The recipe for tracing, as a program of its own: spans of the requests and of the call are exported, and nothing of the secret
// is. test/examples/peers.mjs runs this with the real packages of OpenTelemetry.

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createReference, listen } from 'blazemeter-client/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDetector } from '../leak/detector.ts';
import { builtPackage } from '../support/built.ts';
import { example, peers, run } from './program.ts';

const PACKAGES = ['api', 'instrumentation', 'instrumentation-undici', 'sdk-trace-node'];

const reference = createReference();
const { keys } = reference.seed({
  users: { ana: {} },
  keys: { ci: { user: 'ana' }, old: { user: 'ana', expires: { days: -1 } } },
});
let url = '';
let close = async () => {};
const built = builtPackage();

beforeAll(async () => {
  ({ url, close } = await listen(reference));
  cpSync(example('tracing'), built.folder(), { recursive: true });
  if (peers !== undefined) {
    symlinkSync(
      join(peers, 'node_modules/@opentelemetry'),
      join(built.folder(), 'node_modules/@opentelemetry'),
      'junction',
    );
    return;
  }
  const standIn = pathToFileURL(fileURLToPath(new URL('fakes/opentelemetry.mjs', import.meta.url))).href;
  for (const name of PACKAGES) {
    const folder = join(built.folder(), 'node_modules/@opentelemetry', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
    writeFileSync(join(folder, 'index.js'), `export * from ${JSON.stringify(standIn)};`);
  }
});
afterAll(() => close());

/** Runs the example, and looks at all that it prints for every piece of the secret. */
async function traced({ id, secret }: { id: string; secret: string }, tracing = './tracing.mjs') {
  const { code, out, err } = await run(
    './main.mjs',
    { BLAZEMETER_URL: url, BZ_TOKEN: `${id}:${secret}`, NODE_OPTIONS: `--import ${tracing}` },
    { cwd: built.folder() },
  );
  const leaks = createDetector({ secret, header: btoa(`${id}:${secret}`) })(out + err);
  return { code, out, leaks };
}

it('exports a span for the request and one for the call, without the secret', async () => {
  const { code, out, leaks } = await traced(keys.ci);
  expect(leaks).toEqual([]);
  expect(code).toBe(0);
  for (const text of ['/api/v4/api-keys', '201', 'create a key', 'user-agent']) expect(out).toContain(text);
});

it('exports a failure with its code and its message, without the secret', async () => {
  const { code, out, leaks } = await traced(keys.old);
  expect(leaks).toEqual([]);
  expect(code).toBe(1);
  for (const text of ['401', 'unauthorized', 'apiKeys.create failed']) expect(out).toContain(text);
});

it('would be seen to export the secret, if the header were among those that are recorded', async () => {
  const text = readFileSync(example('tracing/tracing.mjs'), 'utf8');
  const leaking = text.replace("['user-agent']", "['authorization']");
  expect(leaking).not.toBe(text);
  writeFileSync(join(built.folder(), 'leaking.mjs'), leaking);
  expect((await traced(keys.ci, './leaking.mjs')).leaks).not.toEqual([]);
});

it('stands in the guide as it stands in the example', () => {
  const guide = readFileSync(example('../docs/tracing.md'), 'utf8');
  for (const name of ['tracing', 'main']) {
    const [, ...lines] = readFileSync(example(`tracing/${name}.mjs`), 'utf8').split('\n');
    expect(guide).toContain(lines.join('\n'));
  }
});
