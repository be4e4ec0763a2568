// The walk in an edge worker: workerd, which runs them at Cloudflare, without the modules of Node.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleWalk } from './bundle-walk.mjs';
import { install } from './runtimes.mjs';

const run = promisify(execFile);

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "walk", worker = .walk)]);
const walk :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-01-01",
);
`;

/** Walks in a worker; `project` has the package installed. */
export async function walkInWorker(project) {
  const program = join(await install('workerd', 'latest'), 'node_modules/workerd/bin/workerd');
  const { stdout: version } = await run(program, ['--version']);
  const script = await bundleWalk(
    project,
    "import { walk } from 'walk'; export default { test: async () => console.log('looked at', await walk()) };",
  );
  await writeFile(join(project, 'worker.js'), script);
  await writeFile(join(project, 'worker.capnp'), CONFIG);
  const walked = await run(program, ['test', join(project, 'worker.capnp')]).catch((error) => error);
  const looked = Number(/looked at (\d+)/.exec(walked.stdout)?.[1] ?? 0);
  const complaints = walked instanceof Error ? [walked.stderr.slice(-2_000)] : [];
  return { version: version.trim(), looked, complaints };
}
