// The same as reference-hostile.test.ts, in the number that a stranger might send in an afternoon.
import { it } from 'vitest';
import { sendHostile } from '../support/hostile.ts';

it('100,000 requests of any kind all get a response by the rules, without a secret', {
  timeout: 300_000,
}, () => {
  sendHostile(100_000);
});
