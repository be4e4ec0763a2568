// A run that is cancelled. The runner sends SIGINT, after 7.5 s SIGTERM, and 2.5 s later it kills. Where nothing has been
// changed yet the run stops at once; else what is in hand gets the time that there is, for a key that was made should reach
// its secret. Whatever is cut off, the next run makes good.
import type { FetchLike } from 'blazemeter-client';
import type { SecretSink } from 'blazemeter-client/rotation';
import type { Runner } from './runner.ts';

/** Of the 7.5 s, what is left to what is in hand, in milliseconds. */
const IN_HAND = 5_000;

export interface Cancelling {
  readonly signal: AbortSignal;
  /** Sees that a change is sent. */
  readonly fetch: FetchLike;
  /** The same sink, whose puts are seen, too. */
  watched(sink: SecretSink): SecretSink;
  /** Whether the runner wanted the run to end. */
  readonly wanted: () => boolean;
  /** The run is over. */
  done(): void;
}

export function cancelling(runner: Runner): Cancelling {
  const controller = new AbortController();
  let changing = false;
  let timer: NodeJS.Timeout | undefined;
  let wanted = false;
  const stop = () => controller.abort(new Error('cancelled'));
  const ask = (signal: string) => {
    if (signal === 'SIGTERM' || !changing) stop();
    if (wanted) return;
    wanted = true;
    runner.say(changing ? 'Cancelled: what is in hand is finished.' : 'Cancelled: nothing was changed.');
    timer = setTimeout(stop, IN_HAND);
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', ask);
  return {
    signal: controller.signal,
    wanted: () => wanted,
    fetch(url, init) {
      if (init.method !== 'GET') changing = true;
      return fetch(url, init);
    },
    watched: (sink) => ({
      ...sink,
      put(delivery, options) {
        changing = true;
        return sink.put(delivery, options);
      },
    }),
    done() {
      clearTimeout(timer);
      process.off('SIGINT', ask);
      process.off('SIGTERM', ask);
    },
  };
}
