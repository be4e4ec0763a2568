// The licences of the packages that a bundle has taken in: their terms ask that the text goes along.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The text to put beside a bundle, by the metafile that esbuild makes of it; `root` is where node_modules is. */
export async function licencesOf({ inputs }, root) {
  const names = Object.keys(inputs).flatMap(
    (file) => /node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file)?.[1] ?? [],
  );
  const texts = [];
  for (const name of [...new Set(names)].sort()) {
    const home = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));
    const files = ['LICENSE', 'license', 'LICENSE.md', 'LICENSE-MIT.txt'].map((one) =>
      readFile(join(home, one), 'utf8'),
    );
    const text = (await Promise.allSettled(files)).find(({ status }) => status === 'fulfilled')?.value;
    if (text === undefined) throw new Error(`${name} has no licence.`);
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
