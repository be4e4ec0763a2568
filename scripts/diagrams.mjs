// Writes docs/images/<name>.svg for every docs/diagrams/<name>.dot: node scripts/diagrams.mjs. With --check nothing is
// written, and a file that is not what its source draws ends the run with exit code 1.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagramNames, root } from '../docs/theme/contents.mjs';
import { draw } from '../docs/theme/diagrams.mjs';

const check = process.argv.includes('--check');

for (const name of diagramNames()) {
  const file = join(root, 'docs/images', `${name}.svg`);
  const { alone } = await draw(name);
  if (!check) writeFileSync(file, alone);
  else if (readFileSync(file, 'utf8') !== alone) {
    process.stderr.write(
      `docs/images/${name}.svg is not what docs/diagrams/${name}.dot draws: node scripts/diagrams.mjs\n`,
    );
    process.exitCode = 1;
  }
}
