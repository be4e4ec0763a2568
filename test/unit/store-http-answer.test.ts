// What comes back to a store behind an HTTP API: answers of every kind, failures on the way, and when it is tried again.
import { RotationError } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { httpStore, persistent, storeFailure, unsettled } from '../../src/rotation/stores/http-store.ts';
import type { Held, Place } from '../../src/rotation/stores/text-store.ts';
import { madeUpRecord } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';
import { answers, attempted, MEND, type Prepared } from '../support/store-answers.ts';

vi.setConfig({ testTimeout: 2_000 });
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => void vi.useRealTimers());

/** Sends one request, which is answered so. */
const answered = (prepared: Prepared) =>
  httpStore({
    source: 'theStore (here)',
    address: 'https://store.example.com',
    addressOption: 'address',
    token: 'made-up-token',
    headers: () => ({}),
    options: { fetch: answers(prepared).fetch },
  })({ method: 'GET', path: '/v1/x' });

const redirect = (shown: string) =>
  `theStore (here) answered with a redirect (${shown}), which is not followed, because the token would go along. A standby node points at the active one this way: give the address of the active node, or of the load balancer before it.${MEND}`;

describe('an answer', () => {
  it.each([200, 299, 400, 503])('with the status %i is given as it is', async (status) => {
    expect(await answered({ status, body: ['x'] })).toStrictEqual({ status, body: ['x'] });
  });

  it('that is no JSON has no body', async () => {
    expect(await answered(async () => new Response('<html>'))).toStrictEqual({
      status: 200,
      body: undefined,
    });
    expect(await answered({ status: 204 })).toStrictEqual({ status: 204, body: undefined });
  });

  it('may have four megabytes, and no byte more', async () => {
    const bytes = (size: number) => async () => new Response(`"${'x'.repeat(size - 2)}"`);
    const most = 4 * 1024 * 1024;
    expect(String((await answered(bytes(most))).body)).toHaveLength(most - 2);
    expect(await attempted(answered(bytes(most + 1)))).toMatchObject({
      again: false,
      message: `theStore (here) gave an answer of more than 4 MiB: that is no record.${MEND}`,
    });
  });

  it('that is no Response says so', async () => {
    const odd = async () => ({ status: 200, headers: new Headers(), body: {} });
    expect(await attempted(answered(odd))).toMatchObject({
      again: false,
      code: 'rotation_store',
      message: `theStore (here) was asked with a fetch that did not return a Response.${MEND}`,
    });
  });

  it.each([300, 307, 399])('that leads elsewhere (%i) is not followed', async (status) => {
    expect(await attempted(answered({ status }))).toMatchObject({
      again: false,
      message: redirect(`${status}`),
    });
  });

  it('that leads elsewhere is let go, though nobody wants to hear of it', async () => {
    const body = new ReadableStream();
    const cancel = vi.spyOn(body, 'cancel').mockRejectedValue(new Error('too late'));
    expect((await failure(answered(async () => new Response(body, { status: 302 })))).message).toBe(
      redirect('302'),
    );
    expect(cancel).toHaveBeenCalledOnce();
  });

  it('of which a browser shows nothing leads elsewhere, too', async () => {
    const opaque = async () => ({ status: 0, headers: new Headers(), body: null });
    expect((await failure(answered(opaque))).message).toBe(redirect('opaque'));
  });
});

describe('a failure on the way', () => {
  const coded = (code: string, cause?: Error) =>
    Object.assign(new TypeError('quotes a token', { cause }), code === '' ? {} : { code });

  it.each([
    ['its code', coded('ECONNREFUSED'), 'ECONNREFUSED'],
    ['the code of its cause', coded('', coded('ECONNRESET')), 'ECONNRESET'],
    ['the code of the cause of its cause', coded('', coded('', coded('EPIPE'))), 'EPIPE'],
    ['the first of many codes', coded('EPIPE', coded('ECONNRESET')), 'EPIPE'],
    ['its name where there is no code', coded('', coded('')), 'TypeError'],
  ])('is told by %s, and may be tried again', async (_, thrown, shown) => {
    const error = await attempted(answered(thrown));
    expect(error).toMatchObject({
      again: true,
      code: 'rotation_store',
      message: `theStore (here) gave no whole answer (${shown}).${MEND}`,
      cause: { name: 'TypeError' },
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED', 'BAD_SIGNATURE', 'UNABLE_TO_GET_ISSUER'])(
    'that has to do with a certificate (%s) hints at the mend',
    async (code) => {
      expect((await attempted(answered(coded('', coded(code))))).message).toBe(
        `theStore (here) gave no whole answer (${code}). Behind a private CA set NODE_EXTRA_CA_CERTS before Node starts, or give fetchOptions.dispatcher that CA.${MEND}`,
      );
    },
  );
});

describe('a failure of a store', () => {
  it('names the store and the problem, and has the cause where there is one', () => {
    expect(storeFailure('theStore', 'is down.')).toMatchObject({
      code: 'rotation_store',
      message: `theStore is down.${MEND}`,
    });
    expect(storeFailure('theStore', 'is down.')).not.toHaveProperty('cause');
    expect(storeFailure('theStore', 'is down.', 'why').cause).toBe('why');
  });
});

describe('a place whose trouble passes', () => {
  const record = madeUpRecord();
  const held = (text: string | undefined): Held<string> => ({ version: '1', text, beside: 'x' });
  const busy = () => Promise.reject(unsettled('theStore', 'is busy.'));

  /** The place, persistent, with the times at which it was asked. More than nine times is too often. */
  function patient(answer: Partial<Pick<Place<string>, 'look' | 'put'>>) {
    const begun = Date.now();
    const log: string[] = [];
    const note = (what: string) => {
      log.push(`${what} ${Date.now() - begun}`);
      if (log.length > 9) throw new Error('It never ends.');
    };
    const place: Place<string> = {
      source: 'theStore',
      name: 'a place',
      async look() {
        note('look');
        return (answer.look ?? (async () => held(undefined)))();
      },
      async put(...given) {
        note('put');
        return (answer.put ?? (async (text: string) => held(text)))(...given);
      },
    };
    return { log, place: persistent(place) };
  }

  const settled = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => {});
    await vi.advanceTimersByTimeAsync(60_000);
    return work;
  };

  it('keeps its names', () => {
    expect(patient({}).place).toMatchObject({ source: 'theStore', name: 'a place' });
  });

  it('is asked three times, after longer and longer waits', async () => {
    const { log, place } = patient({ look: busy });
    const error = await failure(settled(place.look()));
    expect(error).toBeInstanceOf(RotationError);
    expect(error.message).toBe(`theStore is busy.${MEND}`);
    expect(log).toEqual(['look 0', 'look 250', 'look 750']);
  });

  it('is asked once where the trouble will not pass', async () => {
    const { log, place } = patient({ look: () => Promise.reject(new RangeError('no')) });
    expect(await failure(settled(place.look()))).toBeInstanceOf(RangeError);
    expect(log).toEqual(['look 0']);
  });

  it('is written to at once, with what was to be written', async () => {
    const put = vi.fn(async (text: string) => held(text));
    const { log, place } = patient({ put });
    const over = held('old');
    expect(await settled(place.put('new', over, record))).toEqual(held('new'));
    expect(put).toHaveBeenCalledExactlyOnceWith('new', over, record);
    expect(log).toEqual(['put 0']);
  });

  it('is looked at before it is written to again: what is there was written', async () => {
    const { log, place } = patient({ put: busy, look: async () => held('new') });
    expect(await settled(place.put('new', held('old'), record))).toEqual(held('new'));
    expect(log).toEqual(['put 0', 'look 250']);
  });

  it('is written to again where its text is not there', async () => {
    const put = vi.fn(async (text: string) => held(text)).mockImplementationOnce(busy);
    const { log, place } = patient({ put, look: async () => held('old') });
    expect(await settled(place.put('new', held('old'), record))).toEqual(held('new'));
    expect(log).toEqual(['put 0', 'look 250', 'put 250']);
  });
});
