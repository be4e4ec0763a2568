// The entry points that need no Node, where there is no Node: the packed package as one script, in a context that has the
// standards of the web and nothing else.
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { repository } from './commands.ts';
import { packed } from './packed.ts';

/** What every browser and every edge runtime has; no process, no Buffer, no require. */
const STANDARDS = [
  'AbortController',
  'AbortSignal',
  'DOMException',
  'Event',
  'EventTarget',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'URLSearchParams',
  'atob',
  'btoa',
  'clearTimeout',
  'console',
  'crypto',
  'fetch',
  'performance',
  'queueMicrotask',
  'setTimeout',
  'structuredClone',
] as const;

it('client, rotation, audit and reference run on the standards of the web alone', async () => {
  const { app } = await packed();
  const { outputFiles } = await build({
    stdin: {
      contents: `export { walk } from ${JSON.stringify(join(repository, 'test', 'runtimes', 'walk.ts'))};`,
      resolveDir: app,
    },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'bundled',
    platform: 'browser',
    logLevel: 'silent',
    alias: Object.fromEntries(
      ['', '/rotation', '/audit', '/testing'].map((entryPoint) => [
        `blazemeter-client${entryPoint}`,
        join(app, 'node_modules', 'blazemeter-client', 'dist', `${entryPoint.slice(1) || 'index'}.js`),
      ]),
    ),
    nodePaths: [join(app, 'node_modules')],
  });
  const [script] = outputFiles;
  const globals = Object.fromEntries(STANDARDS.map((name) => [name, Reflect.get(globalThis, name)]));
  const context = createContext(globals);
  const looked: unknown = await runInContext(`${script?.text}; bundled.walk();`, context);
  expect(looked).toBeGreaterThan(12);
});
