// Time: the service's own. Keys end by it, and a client counts by it, whatever the machine's clock says.
import assert from 'node:assert/strict';
import { AuthenticationError, ExpirationPolicyError } from 'blazemeter-client';
import type { Behaviour } from '../behaviour.ts';
import { failure, present, settle } from '../behaviour.ts';
import { KEY_DAYS } from '../world.ts';

/** Far ahead of the machine's clock. */
const LATER = new Date('2071-03-01T12:00:00Z');
const DAY = 86_400_000;

export const clock: readonly Behaviour[] = [
  {
    name: "every response carries the service's time",
    semantics: { dates: 'current' },
    async run({ reference, send, world }) {
      assert.equal((await send('GET /user')).headers.get('date'), world.start.toUTCString());
      reference.clock.advance({ days: 1 });
      for (const call of ['GET /user', 'GET /nowhere', 'GET /web/version'])
        assert.equal(
          (await send(call)).headers.get('date'),
          new Date(world.start.getTime() + DAY).toUTCString(),
        );
    },
  },
  {
    name: 'a request id begins with the time, in seconds and microseconds',
    async run({ reference, send, world }) {
      reference.clock.advance({ ms: 250 });
      const id = String((await send('GET /user')).json.request_id);
      assert.equal(Number.parseInt(id.slice(0, 8), 16), world.start.getTime() / 1000);
      const micros = Number.parseInt(id.slice(8), 16);
      assert.ok(micros >= 250_000 && micros < 251_000);
    },
  },
  {
    name: 'what is created carries the time of the service',
    async run({ client, reference }) {
      reference.clock.advance({ days: 3 });
      const { apiKey } = await client().apiKeys.create({ name: 'a', expiresIn: { days: 30 } });
      assert.deepEqual(apiKey.createdAt, reference.clock.now());
    },
  },
  {
    name: 'a key expires by itself',
    async run({ client, reference }) {
      await client().user.get();
      reference.clock.advance({ days: KEY_DAYS + 1 });
      await failure(client().user.get(), AuthenticationError);
    },
  },
  {
    name: 'a second before its expiration a key still works, at that second no longer',
    async run({ reference, send, world }) {
      reference.clock.set(new Date(world.start.getTime() + KEY_DAYS * DAY - 1000));
      assert.equal((await send('GET /user')).status, 200);
      reference.clock.advance({ seconds: 1 });
      assert.equal((await send('GET /user')).status, 401);
    },
  },
  {
    name: 'a key created for three months expires after ninety days',
    async run({ client, reference, send, world }) {
      const made = await client().apiKeys.create({ name: 'a', expiresIn: '3 months' });
      const credentials = { id: made.apiKey.id, secret: made.secret.reveal() };
      settle(reference);
      reference.clock.set(new Date(world.start.getTime() + 89 * DAY));
      assert.equal((await send('GET /user', { as: credentials })).status, 200);
      reference.clock.set(new Date(world.start.getTime() + 90 * DAY + 60_000));
      assert.equal((await send('GET /user', { as: credentials })).status, 401);
    },
  },
  {
    name: 'a client that knows when its key expires says so when it is refused',
    async run({ client, reference, world }) {
      const expiresAt = new Date(world.start.getTime() + KEY_DAYS * DAY);
      const owner = client('owner', { credentials: { ...world.keys.owner, expiresAt } });
      await owner.user.get();
      reference.clock.advance({ days: KEY_DAYS + 1 });
      await failure(owner.user.get(), AuthenticationError);
      const error = await failure(owner.user.get(), AuthenticationError);
      assert.match(error.message, /most likely expired/);
      assert.match(error.message, /ran out|expired/);
    },
  },
  {
    name: "a period is counted from the service's clock, not from the machine's",
    semantics: { dates: 'current' },
    start: LATER,
    async run({ client }) {
      const owner = client();
      await owner.user.get();
      const { apiKey } = await owner.apiKeys.create({ name: 'a', expiresIn: '1 month' });
      const length = present(apiKey.expiresAt).getTime() - LATER.getTime();
      assert.ok(Math.abs(length - 30 * 86_400_000) < 120_000);
    },
  },
  {
    name: "a date is held against the service's clock, not against the machine's",
    semantics: { dates: 'current' },
    start: LATER,
    async run({ client }) {
      const owner = client();
      await owner.user.get();
      const past = new Date(LATER.getTime() - 60_000);
      const error = await failure(
        owner.apiKeys.create({ name: 'a', expiresAt: past }),
        ExpirationPolicyError,
      );
      assert.match(error.message, /2071/);
    },
  },
  {
    name: 'a maximum that the client asks for exactly is not too much, though a minute goes by on the way',
    semantics: { overMaximum: 'refuse' },
    async run({ client, reference }) {
      const outsider = client('outsider');
      await outsider.accounts.apiKeyPolicy.get();
      reference.clock.advance({ minutes: -1 });
      const { clamped } = await outsider.apiKeys.create({ name: 'a', expiresIn: '3 months' });
      assert.equal(clamped, false);
    },
  },
];
