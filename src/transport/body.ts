// Reads a body to its end, counting the decoded bytes, and never longer than its signal allows.

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
 * Throws {@link BrokenBody} when the connection fails in the middle, or `aborted` rejects.
 */
export async function readBody(
  response: Response,
  limit: number,
  aborted: Promise<never>,
): Promise<{ text: string; oversized: boolean }> {
  if (response.body === null) return { text: '', oversized: false };
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await Promise.race([aborted, reader.read()]);
      if (done) {
        ended = true;
        return { text: textOf(chunks), oversized: false };
      }
      size += value.byteLength;
      if (size > limit) {
        chunks.push(value.subarray(0, value.byteLength - (size - limit)));
        return { text: textOf(chunks), oversized: true };
      }
      chunks.push(value);
    }
  } catch (error) {
    throw new BrokenBody(textOf(chunks), error);
  } finally {
    // Frees the socket where the body was left.
    if (!ended) reader.cancel().catch(() => {});
  }
}

function textOf(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  const [first, ...rest] = chunks;
  if (rest.length === 0) return decoder.decode(first);
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode();
}
