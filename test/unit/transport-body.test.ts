// Reading a body: how its pieces become one text, where the reading stops, and what is left of a body that breaks off.
import { describe, expect, test, vi } from 'vitest';
import { BrokenBody, MAX_BODY, MAX_ERROR_BODY, readBody } from '../../src/transport/body.ts';

const never = new Promise<never>(() => {});
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** An answer whose body comes in these pieces, and then ends, or breaks with the reason. */
function answerOf(pieces: readonly Uint8Array[], how: { broken?: unknown; open?: boolean } = {}) {
  const left = [...pieces];
  const cancel = vi.fn();
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = left.shift();
        if (piece !== undefined) controller.enqueue(piece);
        else if ('broken' in how) controller.error(how.broken);
        else if (how.open !== true) controller.close();
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body), left, cancel };
}

const read = (pieces: readonly Uint8Array[], limit = 1_000) =>
  readBody(answerOf(pieces).response, limit, never);

async function broken(work: Promise<unknown>): Promise<BrokenBody> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (error instanceof BrokenBody) return error;
  throw new Error('the body did not break', { cause: error });
}

test('the bounds are 16 MiB, and 64 KiB for an error', () => {
  expect([MAX_BODY, MAX_ERROR_BODY]).toEqual([16_777_216, 65_536]);
});

describe('a whole body', () => {
  test('is the text of its pieces', async () => {
    expect(await read([bytesOf('{"a":'), bytesOf('1'), bytesOf('}')])).toEqual({
      text: '{"a":1}',
      oversized: false,
    });
    expect(await read([bytesOf('one')])).toEqual({ text: 'one', oversized: false });
  });

  test('is empty where there is none, and where it has no bytes', async () => {
    expect(await readBody(new Response(null), 10, never)).toEqual({ text: '', oversized: false });
    expect(await read([])).toEqual({ text: '', oversized: false });
  });

  test('keeps a character whose bytes come in different pieces', async () => {
    const bytes = bytesOf('a€b');
    const pieces = [bytes.subarray(0, 2), bytes.subarray(2, 3), bytes.subarray(3)];
    expect((await read(pieces)).text).toBe('a€b');
  });

  test('shows that the last character is not whole', async () => {
    const bytes = bytesOf('ab€');
    expect((await read([bytes.subarray(0, 1), bytes.subarray(1, 4)])).text).toBe('ab\ufffd');
  });

  test('is let go by its end, and not cancelled', async () => {
    const cancelled = vi.spyOn(ReadableStreamDefaultReader.prototype, 'cancel');
    const { response, cancel } = answerOf([bytesOf('one'), bytesOf('two')]);
    await readBody(response, 6, never);
    expect(cancelled).not.toHaveBeenCalled();
    expect(cancel).not.toHaveBeenCalled();
  });
});

describe('a body of as many bytes as the limit', () => {
  test('is whole', async () => {
    expect(await read([bytesOf('abc'), bytesOf('de')], 5)).toEqual({ text: 'abcde', oversized: false });
  });

  test('and one more is cut at the limit', async () => {
    expect(await read([bytesOf('abcdef')], 5)).toEqual({ text: 'abcde', oversized: true });
    expect(await read([bytesOf('abc'), bytesOf('defgh')], 5)).toEqual({ text: 'abcde', oversized: true });
  });

  test('and more is left: the rest is not asked for, and the stream is cancelled', async () => {
    const { response, left, cancel } = answerOf([
      bytesOf('abc'),
      bytesOf('def'),
      bytesOf('ghi'),
      bytesOf('jkl'),
    ]);
    await readBody(response, 5, never);
    expect(left).toHaveLength(2);
    expect(cancel).toHaveBeenCalledOnce();
  });

  test('may be cancelled in vain: nobody hears of it', async () => {
    const { response, cancel } = answerOf([bytesOf('abcdef')]);
    cancel.mockRejectedValue(new Error('it is gone already'));
    expect((await readBody(response, 5, never)).oversized).toBe(true);
  });
});

describe('a body that breaks off', () => {
  test('throws with what came until then, which is not shown', async () => {
    const reason = new Error('the connection is gone');
    const { response } = answerOf([bytesOf('one '), bytesOf('two')], { broken: reason });
    const error = await broken(readBody(response, 100, never));
    expect(error.partial).toBe('one two');
    expect(error.message).toBe('The body broke off.');
    expect(error.cause).toBe(reason);
    expect(Object.keys(error)).not.toContain('partial');
  });

  test('ends where somebody gives up, and is cancelled', async () => {
    const reason = new Error('enough');
    const { response, cancel } = answerOf([bytesOf('one')], { open: true });
    const error = await broken(readBody(response, 100, Promise.reject(reason)));
    expect([error.partial, error.cause]).toEqual(['', reason]);
    expect(cancel).toHaveBeenCalledOnce();
  });
});
