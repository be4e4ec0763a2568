// Rotations that die, and those that do not.

import { shownProgram } from './lessons.mjs';
import { SECRET } from './tab.mjs';

/** A rotation that dies at each step, on both sides, and is resumed: one key is left, and it works. Gives the programs. */
export async function rotation(page, crashes) {
  const programs = [];
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
      // The process of the program dies too: without its second run it would not come to the end.
      if (side === 'after')
        programs.push({ id: at, errors: [], ends: /^idle \[/m, text: await page.text('program') });
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
  programs.push(await shownProgram(page, 'a rotation by hand'));
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
  return programs;
}
