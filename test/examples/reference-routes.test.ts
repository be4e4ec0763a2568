// The example of endpoints that the reference does not know.
import { expect, it } from 'vitest';
import { bundled, example, run } from './program.ts';

it('runs a load test from create to report, with a failure in the middle', async () => {
  const program = await bundled(example('reference-routes/load-test.mjs'));
  expect(await run(program, {})).toEqual({
    code: 0,
    out: '30000 hits in 600 s, 6 polls\n7 requests for the status, one of them failed\n',
    err: '',
  });
});
