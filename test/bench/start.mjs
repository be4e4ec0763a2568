// Starts a server in a process of its own; it says on which port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export async function start(...args) {
  const script = fileURLToPath(new URL('./servers.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${args} ended with ${code}`)));
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  // Its end is expected from here on.
  ended.catch(() => undefined);
  return { ...JSON.parse(line), stop: () => child.kill() };
}
