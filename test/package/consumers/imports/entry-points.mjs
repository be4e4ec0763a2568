// Imports every entry point, both ways, and says what was touched meanwhile.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const entryPoints = JSON.parse(process.argv[2]);
for (const entryPoint of entryPoints) {
  await import(entryPoint);
  require(entryPoint);
}
process.stdout.write(JSON.stringify(globalThis.report()));
