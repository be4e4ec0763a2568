// Two views of the leak table that need a process of their own: an unhandled rejection as Node prints it, and the default
// logger on standard error with BLAZEMETER_LOG=debug.
import { describe, expect, it } from 'vitest';
import { allShowNothing, ending, endsWithoutSecret, printedBy } from './child-processes.ts';
import { createDetector, encodingNames, encodings } from './detector.ts';
import { kinds, secretsOf } from './stage.ts';

it('no failure that a program leaves alone shows anything of the secret, nor does the log', () =>
  allShowNothing('hex'));

describe.each(kinds)('with a secret that is %s', (kind) => {
  const secrets = secretsOf(kind);
  const detect = createDetector(secrets);

  it('a leak in what is printed is found', async () => {
    const planted = encodingNames.map(
      (name) => `<${name}>${encodings[name].write(secrets.credentials)}</${name}>`,
    );
    const env = { LEAK_RUN: 'leak', LEAK_TEXT: planted.join(' ') };
    for (const flag of ['throw', 'warn']) {
      const { output } = await printedBy(env, `--unhandled-rejections=${flag}`);
      for (const name of encodingNames) {
        const [, after = ''] = output.split(`<${name}>`);
        expect(detect(after.split(`</${name}>`)[0] ?? '').length, `${flag}, ${name}`).toBeGreaterThan(0);
      }
    }
  });
});

/** All of them are in child-processes.deep.ts. */
const sample = ending.filter((_, at) => at % 8 === 0);

it.concurrent.each(sample)('a program that ends by $name prints nothing of the secret', endsWithoutSecret);
