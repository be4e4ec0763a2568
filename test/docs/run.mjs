// The site in a real browser: node test/docs/run.mjs [--all] [--pictures] [folder]. Every page loads without a word on the console,
// every link leads somewhere, the search finds every public symbol, axe finds nothing, and the first page is light.
// `--all` has axe look at every page instead of the guides and one of each other kind; `--pictures` puts pictures of the
// pages, on a phone and on a desk, in light and in dark, into coverage/site-shots/.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import * as check from './checks.mjs';
import { serve } from './files.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const all = process.argv.includes('--all');
const folder = resolve(
  process.argv.slice(2).find((word) => !word.startsWith('--')) ?? join(root, 'docs/site'),
);
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

function stop(why) {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

if (!existsSync(join(folder, 'index.html'))) stop(`There is no site in ${folder}: npm run docs`);
if (!existsSync(executablePath))
  stop('There is no Chromium: apt-get install chromium, or set CHROMIUM to the path of one.');

const say = (text) => process.stdout.write(`${text}\n`);
const wrong = [];
const note = (title, result) => {
  wrong.push(...result.wrong);
  say(`${result.wrong.length === 0 ? 'ok ' : 'NOT'} ${title}: ${result.figures}`);
};

const pages = check.pagesOf(folder);
const server = await serve(folder);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  note('links', check.links(folder, pages));
  note('weight', await check.weight(browser, server, folder));

  const chosen = new Set(all ? pages : check.sample(pages));
  let looks = 0;
  const look = async ({ tab, path, complain }) => {
    if (!chosen.has(path)) return;
    looks++;
    for (const violation of await check.violations(tab)) complain(violation);
  };
  const measure = async (page) => {
    const over = await check.overflow(page.tab);
    if (over > 0) page.complain(`${over} px wider than a phone`);
    await look(page);
  };
  // Side by side: most of a search is waiting.
  const [found, handled, searched] = await Promise.all([
    check.loading(browser, server, [
      { scheme: 'light', pages, visit: measure },
      { scheme: 'dark', pages: [...chosen], visit: look },
    ]),
    check.handling(browser, server),
    check.searching(browser, server, check.symbols(folder)),
  ]);
  note('pages', {
    wrong: found,
    figures: `${pages.length} loaded, none wider than 390 px; axe ${looks} times, on ${chosen.size} pages in light and in dark; ${found.length} complaints`,
  });
  note('keyboard', { wrong: handled, figures: 'skip link, menu of a phone by finger, Enter and Escape' });
  note('search', searched);

  if (process.argv.includes('--pictures')) {
    const shown = pages.filter(
      (page) =>
        /^guides\//.test(page) ||
        /^(?:index|modules)\.html$|\.(?:ApiError|BlazeMeterClient)\.html$/.test(page),
    );
    const shots = join(root, 'coverage/site-shots');
    await check.pictures(browser, server, shown, shots);
    say(`    ${shown.length} pages in two widths, light and dark: ${shots}`);
  }
} finally {
  await browser.close();
  await server.close();
}

for (const line of wrong.slice(0, 60)) say(`  - ${line}`);
say(wrong.length === 0 ? 'The site is as it should be.' : `${wrong.length} complaints.`);
process.exitCode = wrong.length === 0 ? 0 : 1;
