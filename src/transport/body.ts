// Reads a body to its end, counting the decoded bytes, and never longer than its signal allows.

import { untilAborted } from './scope.ts';

/** Most that is read of an answer, in decoded bytes. */
export const MAX_BODY = 16 * 1024 * 1024;
/** Most that is read of an answer with an error status. */
export const MAX_ERROR_BODY = 64 * 1024;

/** A body that broke off, with what had come until then. */
export class BrokenBody extends Error {
  readonly partial: string;

  constructor(partial: string, cause: unknown) {
    super('The body broke off.', { cause });
    this.partial = partial;
    // The beginning of an answer may hold a secret: it is handed on, not shown.
    Object.defineProperty(this, 'partial', { enumerable: false });
  }
}

/**
 * The text of a body. `oversized` when there was more than `limit` bytes; the rest is not read.
 * Throws {@link BrokenBody} when the connection fails in the middle or the signal aborts.
 */
export async function readBody(
  response: Response,
  limit: number,
  signal: AbortSignal,
): Promise<{ text: string; oversized: boolean }> {
  if (response.body === null) return { text: '', oversized: false };
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await untilAborted(reader.read(), signal);
      if (done) return { text: text + decoder.decode(), oversized: false };
      size += value.byteLength;
      if (size > limit) {
        text += decoder.decode(value.subarray(0, value.byteLength - (size - limit)));
        return { text, oversized: true };
      }
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    throw new BrokenBody(text, error);
  } finally {
    // Frees the socket where the body was left; a no-op after its end.
    reader.cancel().catch(() => {});
  }
}
