// The playground in a real browser: every control is used and what it says is held against what must happen, every lesson is
// opened by its link, a rotation dies at every step and is resumed, and the programs that it shows are run. By hand:
// node test/docs/playground.mjs [folder of the site]. Pictures go to coverage/playground-shots/.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { load } from '../../docs/pages/playground/build.mjs';
import { violations } from './checks.mjs';
import { compressed, serve } from './files.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = join(root, 'docs/pages/playground');
const run = promisify(execFile);

/** The limit of the script, compressed, in bytes. */
const MOST_SCRIPT = 250_000;
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const SECRET = /7e57ed5e[0-9a-f]{8}/;

/** A made-up pair of the form of real ones: it lacks the marker of the reference. */
const REAL_LOOKING = `${'5ca1ab1e'.repeat(3)}:${'0ddba11c'.repeat(9)}`;

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

/** A tab of the playground, with what a reader would do to it. */
async function openTab(browser, url, { wrong, ...options }) {
  const context = await browser.newContext({ viewport: DESK, reducedMotion: 'reduce', ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const tab = await context.newPage();
  tab.setDefaultTimeout(30_000);
  const requests = [];
  tab.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  tab.on('pageerror', (error) => wrong.push(`page: ${error.message}`));
  tab.on('request', (request) => requests.push(request.url()));
  const idle = async () => {
    await tab.waitForFunction(() => document.body.getAttribute('aria-busy') === 'false');
    const { hash } = new URL(tab.url());
    if (SECRET.test(decodeURIComponent(hash))) wrong.push(`a secret stands in the address ${hash}`);
  };
  const page = {
    tab,
    requests,
    idle,
    /** Opens a link: anew the first time, by the address alone afterwards. */
    async go(fragment) {
      const blank = tab.url() === 'about:blank';
      if (blank) await tab.goto(`${url}/playground/index.html${fragment}`);
      else
        await tab.evaluate((hash) => {
          document.body.setAttribute('aria-busy', 'true');
          if (location.hash === hash) dispatchEvent(new HashChangeEvent('hashchange'));
          else location.hash = hash;
        }, fragment);
      await idle();
    },
    async press(id) {
      await tab.click(`#${id}`);
      await idle();
    },
    choose: (id, value) => tab.selectOption(`#${id}`, value),
    /** The text of an element, without the mark that stands before a headline. */
    text: async (id) => {
      const text = await tab.evaluate((name) => document.getElementById(name)?.textContent ?? '', id);
      return text.replace(/^[✓✗•] /, '');
    },
    all: () => tab.evaluate(() => document.body.innerText),
    tones: () =>
      tab.evaluate(() => [...document.querySelectorAll('#steps button')].map((step) => step.className)),
    /** The rows of the table of keys, each as an array of texts. */
    keys: () =>
      tab.evaluate(() =>
        [...document.querySelectorAll('#keys tbody tr')].map((row) =>
          [...row.children].map((cell) => cell.textContent),
        ),
      ),
    async says(what, pattern, id = 'headline') {
      const text = await page.text(id);
      if (!pattern.test(text)) wrong.push(`${what}: #${id} says “${text.slice(0, 160)}”, not ${pattern}`);
    },
    is(what, fine) {
      if (!fine) wrong.push(what);
    },
    close: () => context.close(),
  };
  return page;
}

/** Every lesson by its link; gives the programs that they show. */
async function lessonLinks(page, lessons) {
  const programs = [];
  const names = lessons.map(({ id }) => id);
  page.is(`the lessons are ${names}`, names.sort().join() === Object.keys(LESSONS).sort().join());
  for (const { id, title } of lessons) {
    const [tones, headline, shown] = LESSONS[id] ?? [[], /./, /./];
    await page.go(`#lesson=${id}`);
    page.is(`${id}: the title is not shown`, (await page.text('lesson-title')) === title);
    await page.says(id, headline);
    const found = await page.tones();
    page.is(`${id}: the steps are ${found}, not ${tones}`, found.join() === tones.join());
    const drawn = await page.tab.evaluate(() => document.querySelector('.pg-timeline').textContent);
    page.is(`${id}: nothing says ${shown}`, shown.test(`${await page.all()} ${drawn}`));
    page.is(`${id}: the address is ${page.tab.url()}`, page.tab.url().endsWith(`#lesson=${id}`));
    // The errors of all steps, in order, as the page has told them.
    const errors = [];
    for (const [index, tone] of found.entries()) {
      if (tone !== 'bad') continue;
      await page.press(`step-${index + 1}`);
      const text = await page.text('headline');
      if (/^\w+Error$/.test(text)) errors.push(text);
    }
    await page.press(`step-${found.length}`);
    await page.says(`${id}, after going back and forth`, headline);
    programs.push({ id, errors, text: await page.text('program') });
  }
  return programs;
}

/** Each control once, by the mouse. */
async function controls(page) {
  const { press, choose, says, tab } = page;
  const step = async (what, id, pattern, where) => {
    await press(id);
    await says(what, pattern, where);
  };
  await page.go('#steps=list,pair=1');
  await press('start-over');
  page.is('Start over leaves steps', (await page.tones()).length === 0);
  page.is('Start over leaves an address', !page.tab.url().includes('#'));

  // A key: a name that looks like a key is refused; the secret stands there once.
  await tab.fill('#name', '7e57ed1da131982babcff05d');
  await tab.click('#do-generate');
  await says('a name like a key', /nothing that looks like a key/, 'name-said');
  page.is('a name like a key made a step', (await page.tones()).length === 0);
  await tab.fill('#name', 'robot');
  await choose('period', '1-month');
  await tab.check('#first');
  await step('generate', 'do-generate', /was made/);
  const secret = await page.text('secret-text');
  page.is(`the secret is “${secret.slice(0, 12)}…”`, /^7e57ed5e[0-9a-f]{64}$/.test(secret));
  await tab.click('#copy-secret');
  await tab.waitForFunction(() => /copied/.test(document.getElementById('status').textContent));
  const pair = await tab.evaluate(() => navigator.clipboard.readText());
  page.is('the pair is not on the clipboard', pair.endsWith(`:${secret}`));
  await tab.click('#hide-secret');
  await says('stored', /not shown again/, 'secret-gone');
  page.is('the secret stands there still', !(await page.all()).includes(secret));
  await tab.uncheck('#first');
  await step('list', 'do-list', /^2 keys, and not one secret\.$/);
  page.is('the list shows the secret', !(await tab.content()).includes(secret));
  await says('list', /robot \(7e57ed1d/, 'lines');

  // Signing, with a pair that is chosen, pasted, wrong, or no pair of the reference's.
  await choose('pair', '4');
  await step('sign', 'do-sign', /Let in as Olive/);
  await says('anatomy', new RegExp(`${pair}The id, a colon, the secret`), 'anatomy');
  const header = await page.text('anatomy');
  page.is(
    'the header is not Base64 of the pair',
    header.includes(`Basic ${Buffer.from(pair).toString('base64')}`),
  );
  await choose('pair', '1');
  await tab.click('#paste-details summary');
  await tab.fill('#paste', REAL_LOOKING);
  await tab.click('#do-paste');
  await says('a pasted pair without the marker', /Not taken/, 'paste-said');
  page.is('a pair that was not taken is kept', !(await tab.content()).includes('0ddba11c'));
  page.is('a pair that was not taken stays in the field', (await tab.inputValue('#paste')) === '');
  page.is('a pair that was not taken is chosen', (await tab.inputValue('#pair')) === '1');
  await tab.fill('#paste', ` ${pair} `);
  await tab.press('#paste', 'Enter');
  await says('a pasted pair', /^Taken/, 'paste-said');
  page.is('the pasted pair is not chosen', (await tab.inputValue('#pair')) === '4');
  await tab.fill(
    '#paste',
    pair.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
  );
  await tab.click('#do-paste');
  await says('a pasted pair of nobody', /wrong pair is chosen/, 'paste-said');
  await step('sign with a wrong pair', 'do-sign', /AuthenticationError/);

  // Regenerate and delete: with another key, with itself, and with itself by leave.
  await choose('pair', '1');
  await choose('key', '4');
  await step('regenerate', 'do-regenerate', /has a new secret/);
  const row = (await page.keys()).at(-1);
  page.is(`the old secret is not refused: ${row}`, /secret 1 is refused, secret 2 works/.test(row?.at(-1)));
  await choose('pair', '4');
  await step('the old secret', 'do-sign', /AuthenticationError/);
  await choose('pair', '5');
  await step('the new secret', 'do-sign', /Let in as Olive/);
  await step('a key that deletes itself', 'do-delete', /LockoutError/);
  await tab.check('#self');
  await step('a key that may delete itself', 'do-delete', /is gone/);
  await tab.uncheck('#self');
  page.is('a deleted key is not shown as one', (await page.keys()).at(-1)?.[5] === 'deleted');

  // The maximum, as the owner and as others.
  await choose('pair', '1');
  await choose('maximum', '6-months');
  await step('the owner sets', 'do-maximum', /180 days now/);
  await choose('pair', '2');
  await choose('maximum', '1-year');
  await step('the admin sets', 'do-maximum', /365 days now/);
  await choose('pair', '3');
  await step('the member sets', 'do-maximum', /PermissionDeniedError/);
  await step('the member reads', 'do-policy', /The maximum is 365 days/);
  await choose('account', 'second');
  await step('the other account', 'do-policy', /The maximum is 3650 days/);
  await choose('account', 'main');
  await says('maxima', /Main account: keys live for 365 days at most/, 'maxima');
  await choose('period', '10-years');
  await step('longer than allowed', 'do-generate', /BadRequestError/);
  await tab.check('#first');
  await step('longer than allowed, read first', 'do-generate', /ExpirationPolicyError/);
  await tab.uncheck('#first');
  await choose('period', 'max');
  await step('as long as allowed', 'do-generate', /was made/);

  // Back, forward, a step, replay: the same world each time.
  const before = await page.keys();
  await press('back');
  page.is('back: the key is there', (await page.keys()).length === before.length - 1);
  await press('forward');
  page.is('forward: not the same keys', (await page.keys()).join() === before.join());
  await press('step-1');
  page.is('step 1 is not the present one', (await tab.getAttribute('#step-1', 'aria-current')) === 'step');
  await press('replay');
  page.is('replay: not the same keys', (await page.keys()).join() === before.join());
  await tab.click('#copy-link');
  await tab.waitForFunction(() => /link is copied/.test(document.getElementById('status').textContent));
  const link = await tab.evaluate(() => navigator.clipboard.readText());
  page.is('the link is not the address', link === tab.url() && link.includes('#steps='));
  await press('start-over');
  await page.go(new URL(link).hash);
  page.is('the link: not the same keys', (await page.keys()).join() === before.join());
}

/** The clock, the switches, the faults. */
async function world(page, semantics) {
  const { press, choose, says, tab } = page;
  const step = async (what, id, pattern) => {
    await press(id);
    await says(what, pattern);
  };
  await page.go('#steps=generate,pair=1,name=ci,period=1-month');
  const moves = {
    '1-second': '2026-01-05 09:00:01',
    '1-hour': '2026-01-05 10:00:01',
    '1-day': '2026-01-06 10:00:01',
    '30-days': '2026-02-05 10:00:01',
    '90-days': '2026-05-06 10:00:01',
    '1-year': '2027-05-06 10:00:01',
  };
  for (const [by, at] of Object.entries(moves)) {
    await choose('by', by);
    await step(`the clock by ${by}`, 'do-clock', new RegExp(`It is ${at} UTC`));
  }
  page.is('a key that has run out is not shown as one', (await page.keys()).at(-1)?.[5] === 'has run out');
  const over = await tab.evaluate(() => document.querySelectorAll('.pg-timeline .over').length);
  page.is(`the timeline shows ${over} keys that have run out`, over === 1);
  await choose('by', 'next-end');
  await step('the clock to the next end', 'do-clock', /2036-01-03 09:00:00 UTC/);
  await choose('pair', '1');
  await step('signing at the end', 'do-sign', /AuthenticationError/);

  await press('start-over');
  for (const { id, name, values, default: first } of semantics) {
    await choose('row', name);
    for (const value of [...values.filter((one) => one !== first), first]) {
      await choose('value', String(value));
      await step(`${name}=${value}`, 'do-switch', new RegExp(`^${id} .*“${value}” now`));
    }
  }
  await page.go('#steps=generate,pair=1,name=ci,period=1-month;switch,row=grace,to=5000');
  await choose('key', '4');
  await press('do-regenerate');
  await choose('pair', '4');
  await step('the old secret in its grace', 'do-sign', /Let in/);

  const faults = {
    'lost-create': ['do-generate', /AmbiguousOutcomeError/],
    'lost-regenerate': ['do-regenerate', /has a new secret/],
    'broken-create': ['do-generate', /UndeliveredSecretError/],
    busy: ['do-sign', /Let in as Olive/],
    outage: ['do-sign', /Let in as Olive/],
    proxy: ['do-sign', /InvalidResponseError/],
    stall: ['do-sign', /Let in as Olive/],
  };
  await press('start-over');
  for (const [fault, [id, pattern]] of Object.entries(faults)) {
    await page.go('#steps=generate,pair=1,name=ci,period=1-month');
    await choose('pair', '1');
    await choose('key', '4');
    await choose('fault', fault);
    await step(`inject ${fault}`, 'do-fault', /armed/);
    await step(`after ${fault}`, id, pattern);
    if (fault === 'lost-create') await step('resolve', 'do-resolve', /It happened/);
    if (fault === 'broken-create')
      page.is('the undelivered secret is lost', SECRET.test(await page.text('secret-text')));
    const struck = await page.text('journal');
    page.is(`${fault} is not in the journal`, /after-commit|before-commit|html|429|503|stall/.test(struck));
  }
  await choose('fault', 'proxy');
  await press('do-fault');
  await step('take all away', 'do-mend', /Nothing is wrong/);
  await step('after taking all away', 'do-sign', /Let in as Olive/);
  await press('start-over');
  await step('nothing in doubt', 'do-resolve', /No outcome is in doubt/);
}

/** A rotation that dies at each step, on both sides, and is resumed: one key is left, and it works. */
async function rotation(page, crashes) {
  let deaths = 0;
  const end = 'clock,by=1-hour;clock,by=1-second;resume';
  for (const crash of crashes)
    for (const side of ['before', 'after']) {
      const at = `crash=${crash},side=${side}`;
      const late = ['retiring', 'delete', 'deleted', 'idle'].includes(crash);
      const start = `rotate,pair=1,reason=schedule${late ? '' : `,${at}`}`;
      // Where the process dies before anything is on record but the lease, the rotation is asked for again.
      const again = late
        ? ''
        : `;${['lease', 'creating'].includes(crash) ? 'rotate,pair=1,reason=schedule' : 'resume'}`;
      const last = late ? `clock,by=1-hour;clock,by=1-second;resume,${at};resume` : end;
      await page.go(`#steps=${start}${again};${last}`);
      const tones = await page.tones();
      const died = tones.filter((tone) => tone === 'bad').length;
      deaths += died;
      page.is(`${at}: it died ${died} times`, died === 1);
      page.is(`${at}: it ended in ${await page.text('phase')}`, (await page.text('phase')) === 'idle');
      const keys = await page.keys();
      const states = keys.map(([name, , , , , state]) => `${name.split('.')[0]} ${state}`).join(', ');
      page.is(
        `${at}: the keys are ${states}`,
        states === 'olive-by-hand deleted, adam-by-hand in use, mira-by-hand in use, nightly in use',
      );
    }
  page.is(`only ${deaths} crashes`, deaths === crashes.length * 2);

  // By hand: the record, the other reasons, and a key that is still in use when its drain is over.
  const { press, choose, says } = page;
  await press('start-over');
  await choose('crash', 'testing');
  await choose('side', 'before');
  await press('do-rotate');
  await says('a crash', /^The process died just before writing “testing”/);
  await says('the record after a crash', /^creating$/, 'phase');
  await choose('crash', 'none');
  await press('do-resume');
  await says('resume', /^The rotation is draining, epoch 1/);
  const record = await page.text('record');
  page.is('the record shows a secret', /\[secret\]/.test(record) && !SECRET.test(record));
  await choose('by', '1-hour');
  await press('do-clock');
  await choose('pair', '1');
  await press('do-sign');
  await choose('by', '1-second');
  await press('do-clock');
  await press('do-resume');
  await says('still in use', /was used on .*somebody has not moved yet/, 'lines');
  await press('start-over');
  await choose('reason', 'expiry');
  await press('do-rotate');
  await says('before it runs out', /draining, epoch 1/);
  await choose('reason', 'leak');
  await press('do-rotate');
  await says('a leak', /^The rotation is (idle|delivering), epoch [12]/);
  await press('start-over');
  await press('do-resume');
  await says('resume without a record', /RotationError/);
}

/** Links that somebody has written by hand. */
async function badLinks(page) {
  const bad = [
    '#lesson=none',
    '#steps=explode',
    '#steps=sign',
    '#steps=sign,pair=x',
    '#steps=generate,pair=1,name=%3Cimg%3E,period=1-month',
    '#steps=generate,pair=1,name=7e57ed5eaaaabbbbccccdddd,period=1-month',
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

/** Everything by the keyboard: each control is a stop, none is a trap, and a lesson can be done without a mouse. */
async function keyboard(browser, url, wrong) {
  const page = await openTab(browser, url, { wrong });
  const { tab } = page;
  await page.go('');
  const active = () =>
    tab.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.slice(0, 30));
  await tab.keyboard.press('Tab');
  page.is('the first stop is not the skip link', (await active()) === 'Skip to the content');
  await tab.keyboard.press('Enter');
  page.is('the skip link leads elsewhere', (await active()) === 'content');
  const stops = new Set();
  const press = async (key) => {
    await tab.keyboard.press(key);
    await page.idle();
  };
  const walkTo = async (id) => {
    for (let presses = 0; presses < 120; presses++) {
      if ((await active()) === id) return;
      await tab.keyboard.press('Tab');
      stops.add(await active());
    }
    wrong.push(`the keyboard does not reach ${id}`);
  };
  await walkTo('lesson=one-time-secret');
  await press('Enter');
  await page.says('a lesson by the keyboard', /was made/);
  await walkTo('hide-secret');
  await press('Enter');
  page.is('the focus is lost with the secret', (await active()) === 'secret-gone');
  await walkTo('pair');
  await tab.keyboard.press('ArrowDown');
  await walkTo('do-list');
  await press('Enter');
  await page.says('list by the keyboard', /^1 key, and not one secret/);
  page.is('the focus is lost after a step', (await active()) === 'do-list');
  await walkTo('name');
  await tab.keyboard.type('robot');
  await walkTo('do-generate');
  await press('Space');
  await page.says('generate by the keyboard', /was made/);
  await walkTo('do-resume');
  const missed = await tab.evaluate(
    (seen) =>
      [...document.querySelectorAll('#controls :is(select, input, button, summary)')]
        .filter((part) => part.checkVisibility() && part.id !== '' && !seen.includes(part.id))
        .map((part) => part.id),
    [...stops],
  );
  page.is(`the keyboard misses ${missed}`, missed.length === 0);
  await page.close();
}

/** No request leaves, and none could: the policy of the page refuses. */
async function closed(browser, url, wrong) {
  const said = [];
  const page = await openTab(browser, url, { wrong: said });
  await page.go('#lesson=leak');
  const refused = await page.tab.evaluate(() =>
    fetch('/index.html').then(
      () => false,
      () => true,
    ),
  );
  page.is('', refused);
  const scripted = await page.tab.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
    return window.ran === true;
  });
  if (!refused) wrong.push('the page may fetch: connect-src is not what it should be');
  if (scripted) wrong.push('the page runs scripts that stand in it: script-src is not what it should be');
  await page.close();
}

/** axe, and the width of a phone, in each scheme and on each screen; and pictures to be looked at. */
async function looks(browser, url, wrong, shots) {
  mkdirSync(shots, { recursive: true });
  let pictures = 0;
  for (const colorScheme of ['light', 'dark'])
    for (const viewport of [PHONE, DESK]) {
      const page = await openTab(browser, url, { wrong, colorScheme, viewport });
      for (const id of ['one-time-secret', 'expiry', 'signing', 'rotation-crash']) {
        await page.go(`#lesson=${id}`);
        const where = `${id} at ${viewport.width}, ${colorScheme}`;
        await page.tab.evaluate(() => {
          for (const part of document.querySelectorAll('#playground details')) part.open = true;
        });
        wrong.push(...(await violations(page.tab)).map((text) => `${where}: ${text}`));
        const over = await page.tab.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        page.is(`${where}: ${over} px too wide`, over <= 0);
        await page.tab.evaluate(() => {
          for (const part of document.querySelectorAll('#playground details')) part.open = false;
          scrollTo(0, 0);
        });
        pictures++;
        await page.tab.screenshot({
          path: join(shots, `${id}-${viewport.width}-${colorScheme}.png`),
          fullPage: viewport === PHONE,
        });
      }
      await page.close();
    }
  return pictures;
}

/** The programs that the lessons show, as somebody would run them: each tells the errors that the page has told. */
async function programs(shown, wrong) {
  const folder = mkdtempSync(join(tmpdir(), 'playground-'));
  try {
    await Promise.all(
      shown.map(({ id, text }) =>
        build({
          stdin: { contents: text, resolveDir: root, loader: 'js' },
          bundle: true,
          format: 'esm',
          platform: 'node',
          tsconfig: join(root, 'tsconfig.json'),
          outfile: join(folder, `${id}.mjs`),
          logLevel: 'silent',
        }),
      ),
    );
    for (const { id, errors } of shown) {
      const { stdout, stderr } = await run(process.execPath, [join(folder, `${id}.mjs`)], {
        timeout: 60_000,
      }).catch((error) => error);
      const told = [...String(stdout).matchAll(/^(\w+Error): /gm)].map(([, name]) => name);
      if (told.join() !== errors.join())
        wrong.push(`the program of ${id} tells ${told}, the page ${errors}. ${String(stderr).slice(0, 300)}`);
      if (SECRET.test(String(stdout))) wrong.push(`the program of ${id} prints a secret`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What stands in the sources, whatever a browser does with it. */
function written(wrong) {
  for (const name of readdirSync(sources).filter((file) => /\.(?:ts|html)$/.test(file)))
    if (
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/.test(
        readFileSync(join(sources, name), 'utf8'),
      )
    )
      wrong.push(`${name} sets HTML, or runs text`);
}

/**
 * All of it. `url` is where the site is served, `folder` where it lies.
 * @returns {Promise<{ wrong: string[], figures: string }>}
 */
export async function checkPlayground({
  browser,
  url,
  folder,
  shots = join(root, 'coverage/playground-shots'),
}) {
  const wrong = [];
  written(wrong);
  const bytes = compressed(join(folder, 'playground/playground.js'));
  if (bytes > MOST_SCRIPT) wrong.push(`the script weighs ${bytes} bytes compressed`);
  const { lessons } = await load('lessons', root);
  const { choices } = await load('actions', root);
  const { semanticsSwitches } = await load('../../../src/reference/index', root);
  const crashes = Object.keys(choices.crash).filter((name) => name !== 'none');

  const page = await openTab(browser, url, { wrong });
  const shown = await lessonLinks(page, lessons);
  // The browser asks for the icon of the tab again whenever the address changes; that tells nobody anything.
  const loads = () => page.requests.filter((request) => !request.endsWith('/favicon.svg')).length;
  const atLoad = loads();
  await controls(page);
  await world(page, semanticsSwitches);
  await rotation(page, crashes);
  await badLinks(page);
  const elsewhere = page.requests.filter((request) => !request.startsWith(`${url}/`));
  page.is(`requests left for ${elsewhere}`, elsewhere.length === 0);
  page.is(`${loads() - atLoad} requests after the page was there`, loads() === atLoad);
  await page.close();

  await keyboard(browser, url, wrong);
  await closed(browser, url, wrong);
  const pictures = await looks(browser, url, wrong, shots);
  await programs(shown, wrong);
  return {
    wrong,
    figures: `${lessons.length} lessons, ${crashes.length * 2} crashes, every control by mouse and by keyboard; ${(bytes / 1000).toFixed(1)} kB of script; ${atLoad} files, and no request after them; ${pictures} pictures`,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { chromium } = await import('playwright-core');
  const folder = resolve(process.argv[2] ?? join(root, 'docs/site'));
  const server = await serve(folder);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const { wrong, figures } = await checkPlayground({ browser, url: server.url, folder });
    for (const line of wrong) process.stdout.write(`  - ${line}\n`);
    process.stdout.write(`${wrong.length === 0 ? 'ok ' : 'NOT'} playground: ${figures}\n`);
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
    await server.close();
  }
}
