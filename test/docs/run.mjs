// The site in a real browser, after `npm run docs`: node test/docs/run.mjs [--only pages,searches,…] [--pictures] [folder]. Pages
// and links at four widths in light and dark, the search, every sample, and what axe finds. `--pictures` puts pictures of some
// pages into coverage/site-shots/.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import * as check from './checks.mjs';
import { serve } from './files.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, pictures: { type: 'boolean' } },
});
const folder = resolve(positionals[0] ?? join(root, 'docs/site'));
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

function stop(why) {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}
if (!existsSync(join(folder, 'index.html'))) stop(`There is no site in ${folder}: npm run docs`);
if (!existsSync(executablePath))
  stop('There is no Chromium: apt-get install chromium, or set CHROMIUM to the path of one.');

const paths = check.pagesOf(folder);
const chosen = check.sample(paths);
const server = await serve(folder);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const half = Math.ceil(paths.length / 2);

/** The questions, by name; each resolves with what is wrong. */
const questions = {
  links: () => check.links(folder, paths),
  // Two tabs, for two cores.
  pages: async () => {
    const inTabs = [paths.slice(0, half), paths.slice(half)].map((part) =>
      check.pages(browser, server, part, chosen),
    );
    return (await Promise.all(inTabs)).flat();
  },
  searches: () => check.searches(browser, server),
  samples: () => check.samples(browser, server),
  sandbox: () => check.sandbox(browser, server),
  handling: () => check.handling(browser, server),
};

let failures = 0;
try {
  for (const [name, ask] of Object.entries(questions)) {
    if (values.only !== undefined && !values.only.split(',').includes(name)) continue;
    const begun = performance.now();
    const wrong = await ask();
    failures += wrong.length;
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    process.stdout.write(`${wrong.length === 0 ? 'ok ' : 'NOT'} ${name} (${seconds} s)\n`);
    for (const line of wrong.slice(0, 30)) process.stdout.write(`  - ${line}\n`);
  }
  if (values.pictures) await check.pictures(browser, server, chosen, join(root, 'coverage/site-shots'));
} finally {
  await browser.close();
  await server.close();
}
process.stdout.write(
  `${paths.length} pages, axe on ${chosen.size}, ${Object.keys(check.QUESTIONS).length} searches: ${failures} complaints.\n`,
);
process.exitCode = failures === 0 ? 0 : 1;
