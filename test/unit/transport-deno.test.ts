// Which requests are given a connection of their own on Deno, and that elsewhere nothing is asked for, whatever is called Deno.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllGlobals());

/** A fresh copy: it keeps the client that it has made. */
const load = () => import('../../src/transport/deno.ts');

describe('on Deno', () => {
  test('a write is given a client that keeps no connection, made once', async () => {
    const own = { own: true };
    const createHttpClient = vi.fn(() => own);
    vi.stubGlobal('Deno', { createHttpClient });
    const { sentOnce } = await load();
    expect(createHttpClient).not.toHaveBeenCalled();
    expect(sentOnce('POST').client).toBe(own);
    expect(sentOnce('POST').client).toBe(own);
    expect(createHttpClient).toHaveBeenCalledExactlyOnceWith({ poolMaxIdlePerHost: 0 });
  });

  test.each(['GET', 'PUT', 'DELETE'])('a %s is given none', async (method) => {
    const createHttpClient = vi.fn();
    vi.stubGlobal('Deno', { createHttpClient });
    const { sentOnce } = await load();
    expect(sentOnce(method)).toEqual({});
    expect(createHttpClient).not.toHaveBeenCalled();
  });
});

describe('elsewhere', () => {
  test('a write is given none', async () => {
    const { sentOnce } = await load();
    expect(sentOnce('POST')).toEqual({});
  });

  test.each([
    ['null', null],
    ['a text', 'Deno'],
    ['a function', Object.assign(() => {}, { createHttpClient: () => ({}) })],
    ['an object that makes no clients', { version: '2' }],
    ['an object whose maker of clients is none', { createHttpClient: 1 }],
  ])('nor where %s goes by the name of Deno', async (_, value) => {
    vi.stubGlobal('Deno', value);
    const { sentOnce } = await load();
    expect(sentOnce('POST')).toEqual({});
  });
});
