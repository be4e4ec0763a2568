// Reads a body to its end, within a limit of decoded bytes.

/** Largest body of a success that is read, in decoded bytes. */
export const MAX_BODY = 16 * 1024 * 1024;
/** Largest body of an error that is read, in decoded bytes. */
export const MAX_ERROR_BODY = 64 * 1024;

/** A body as read. */
export interface Body {
  readonly text: string;
  /** There was more than the limit; `text` is the beginning. */
  readonly oversized: boolean;
}

/** The connection failed in the middle of a body. */
export class BrokenBody extends Error {
  /** What had arrived. It may hold a secret, so it is not enumerable. */
  declare readonly partial: string;

  constructor(partial: string, cause: unknown) {
    super('The body was cut off.', { cause });
    Object.defineProperty(this, 'partial', { value: partial });
  }
}

/** Reads the text of a body. Throws {@link BrokenBody} when the connection fails, or `aborted` rejects. */
export async function readBody(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
  aborted: Promise<never>,
): Promise<Body> {
  if (body === null) return { text: '', oversized: false };
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await Promise.race([aborted, reader.read()]);
      if (done) {
        finished = true;
        return { text: text + decoder.decode(), oversized: false };
      }
      size += value.byteLength;
      const kept = size > limit ? value.subarray(0, value.byteLength - (size - limit)) : value;
      text += decoder.decode(kept, { stream: true });
      if (size > limit) return { text, oversized: true };
    }
  } catch (error) {
    throw new BrokenBody(text, error);
  } finally {
    // Frees the socket where the body was not read to its end.
    if (!finished) reader.cancel().catch(() => {});
  }
}
