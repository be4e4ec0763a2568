// The page for everybody: by the keyboard alone, for axe, on a phone, in the dark; and closed to the outside.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { violations } from '../checks.mjs';
import { DESK, openTab, PHONE } from './tab.mjs';

/** Everything by the keyboard: each control is a stop, none is a trap, and a lesson can be done without a mouse. */
export async function keyboard(browser, url, wrong) {
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
export async function closed(browser, url, wrong) {
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
export async function looks(browser, url, wrong, shots) {
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
