// Every lesson by its link, links that somebody has written by hand, and the programs that the lessons show.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { SECRET } from './tab.mjs';

const run = promisify(execFile);

/** What each lesson must end with: the tones of its steps, its last headline, and a text that the page must show. */
const LESSONS = {
  'one-time-secret': [['good'], /^The key 7e57ed1d\w+ was made\.$/, /shown this one time/],
  signing: [['good'], /^Let in as Olive\.$/, /Base64 hides nothing/],
  regenerate: [
    ['good', 'good', 'good', 'bad', 'good'],
    /^Let in as Olive\.$/,
    /secret 1 is refused, secret 2 works/,
  ],
  lockout: [['bad', 'good', 'bad', 'good'], /^Let in as Olive\.$/, /secret 1 is refused, secret 2 works/],
  maximum: [['bad', 'good', 'bad', 'bad', 'good'], /was made/, /Main account: keys live for 90 days at most/],
  expiry: [
    ['good', 'good', 'good', 'neutral', 'bad', 'bad', 'good'],
    /^Let in as Olive\.$/,
    /short: has run out/,
  ],
  semantics: [['good', 'neutral', 'good'], /^The maximum is 30 days now\.$/, /2026-02-04 09:00:00 UTC/],
  'lost-answer': [['neutral', 'bad', 'good'], /^It happened: the key/, /shown this one time/],
  faults: [['neutral', 'good', 'neutral', 'bad'], /^InvalidResponseError$/, /status 429/],
  rotation: [
    ['good', 'good', 'good', 'neutral', 'neutral', 'good'],
    /^The rotation is idle, epoch 1\.$/,
    /olive-by-hand: deleted/,
  ],
  'rotation-crash': [['bad', 'good'], /^The rotation is draining, epoch 1\.$/, /given a new secret/],
  leak: [['good', 'bad'], /^AuthenticationError$/, /olive-by-hand: deleted/],
};

/** The program that the page shows, and the errors of its steps, in order, as the page has told them. */
export async function shownProgram(page, id) {
  const tones = await page.tones();
  const errors = [];
  for (const [index, tone] of tones.entries()) {
    if (tone !== 'bad') continue;
    await page.press(`step-${index + 1}`);
    const text = await page.text('headline');
    if (/^\w+Error$/.test(text)) errors.push(text);
  }
  await page.press(`step-${tones.length}`);
  return { id, errors, text: await page.text('program') };
}

/** Every lesson by its link; gives the programs that they show. */
export async function lessonLinks(page, lessons) {
  const programs = [];
  const names = lessons.map(({ id }) => id);
  await page.go('');
  page.is(`the lessons are ${names}`, names.sort().join() === Object.keys(LESSONS).sort().join());
  const links = await page.tab.evaluate(() =>
    [...document.querySelectorAll('.pg-lessons a')].map((link) => link.getAttribute('href')),
  );
  page.is(`the links are ${links}`, links.join() === lessons.map(({ id }) => `#lesson=${id}`).join());
  for (const { id } of lessons) {
    const [tones, headline, shown] = LESSONS[id] ?? [[], /./, /./];
    await page.go(`#lesson=${id}`);
    const title = await page.text('lesson-title');
    page.is(`${id}: the title is “${title}”`, title !== '' && title === (await page.text(`lesson=${id}`)));
    await page.says(id, headline);
    const found = await page.tones();
    page.is(`${id}: the steps are ${found}, not ${tones}`, found.join() === tones.join());
    const drawn = await page.tab.evaluate(() => document.querySelector('.pg-timeline').textContent);
    page.is(`${id}: nothing says ${shown}`, shown.test(`${await page.all()} ${drawn}`));
    page.is(`${id}: the address is ${page.tab.url()}`, page.tab.url().endsWith(`#lesson=${id}`));
    programs.push(await shownProgram(page, id));
    await page.says(`${id}, after going back and forth`, headline);
  }
  return programs;
}

/** Links that somebody has written by hand. */
export async function badLinks(page) {
  const bad = [
    '#lesson=none',
    '#steps=explode',
    '#steps=sign',
    '#steps=sign,pair=x',
    '#steps=generate,pair=1,name=%3Cimg%3E,period=1-month',
    '#steps=generate,pair=1,name=x7e57ed5eaaaabbbbccccdddd,period=1-month',
    '#steps=generate,pair=1,name=ci,period=toString',
    '#steps=switch,row=__proto__,to=x',
    '#steps=%E0%A4%A',
    `#steps=${Array(41).fill('mend').join(';')}`,
  ];
  for (const fragment of bad) {
    await page.go(fragment);
    await page.says(fragment, /^This link cannot be read\./, 'link-error');
    page.is(`${fragment} made steps`, (await page.tones()).length === 0);
  }
  await page.go(`#steps=${Array(40).fill('mend').join(';')}`);
  await page.press('do-mend');
  page.is('more steps than an address holds', (await page.tones()).length === 40);
}

/** The programs that the lessons show, as somebody would run them: each tells the errors that the page has told. */
export async function programs(shown, wrong, root) {
  const folder = mkdtempSync(join(tmpdir(), 'playground-'));
  try {
    await Promise.all(
      shown.map(({ text }, index) =>
        build({
          stdin: { contents: text, resolveDir: root, loader: 'js' },
          bundle: true,
          format: 'esm',
          platform: 'node',
          tsconfig: join(root, 'tsconfig.json'),
          outfile: join(folder, `${index}.mjs`),
          logLevel: 'silent',
        }),
      ),
    );
    // One process for all of them: starting one costs more than what they do.
    const each = `for (const index of Array(${shown.length}).keys()) {
      console.log('== ');
      await import(${JSON.stringify(`${pathToFileURL(folder)}/`)} + index + '.mjs').catch((error) => console.log('threw ' + error));
    }`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', each], {
      timeout: 120_000,
    }).catch((error) => error);
    const [, ...outputs] = String(stdout).split('== \n');
    for (const [index, { id, errors, ends }] of shown.entries()) {
      const output = outputs[index] ?? 'it was not run';
      const told = [...output.matchAll(/^(\w+Error): /gm)].map(([, name]) => name);
      const fell = /^threw .*|^it was not run/m.exec(output)?.[0] ?? '';
      if (told.join() !== errors.join() || fell !== '')
        wrong.push(`the program of ${id} tells ${told}, the page ${errors}. ${fell}`);
      if (ends !== undefined && !ends.test(output)) wrong.push(`the program of ${id} does not say ${ends}`);
      if (SECRET.test(output)) wrong.push(`the program of ${id} prints a secret`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
