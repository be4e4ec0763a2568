// Each control, by the mouse: what it says is held against what must happen.

import { shownProgram } from './lessons.mjs';
import { SECRET } from './tab.mjs';

/** A made-up pair of the form of real ones: it lacks the marker of the reference. */
const REAL_LOOKING = `${'5ca1ab1e'.repeat(3)}:${'0ddba11c'.repeat(9)}`;

/** Each control once, by the mouse. Gives the program that is shown in the end. */
export async function controls(page) {
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
  await tab.fill('#name', 'x7e57ed1da131982babcff05d');
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
  return [await shownProgram(page, 'the controls')];
}

/** The clock, the switches, the faults. Gives the programs. */
export async function world(page, semantics) {
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

  const programs = [await shownProgram(page, 'the clock')];

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

  programs.push(await shownProgram(page, 'a switch'));

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
    programs.push(await shownProgram(page, fault));
  }
  await choose('fault', 'proxy');
  await press('do-fault');
  await step('take all away', 'do-mend', /Nothing is wrong/);
  await step('after taking all away', 'do-sign', /Let in as Olive/);
  await press('start-over');
  await step('nothing in doubt', 'do-resolve', /No outcome is in doubt/);
  return programs;
}
