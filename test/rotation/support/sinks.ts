// A sink of which a test says what it knows of itself, and what happens when it is given credentials.
import type { SecretSink, SinkAnswer, SinkDelivery, SinkState } from 'blazemeter-client/rotation';

type OnPut = (delivery: SinkDelivery) => ReturnType<SecretSink['put']> | SinkAnswer | undefined;

export class FakeSink implements SecretSink {
  readonly name: string;
  /** What it was given. */
  readonly got: SinkDelivery[] = [];
  state: SinkState | undefined;
  onPut: OnPut | undefined;
  onProbe: (() => void | Promise<void>) | undefined;
  probes = 0;

  constructor(name = 'ci secret', onPut?: OnPut) {
    this.name = name;
    this.onPut = onPut;
  }

  /** The ids of the keys whose credentials it was given. */
  get puts(): string[] {
    return this.got.map(({ id }) => id);
  }

  async probe(): Promise<SinkState | undefined> {
    this.probes += 1;
    await this.onProbe?.();
    return this.state;
  }

  async put(delivery: SinkDelivery): Promise<SinkAnswer | undefined> {
    this.got.push(delivery);
    return (await this.onPut?.(delivery)) ?? undefined;
  }
}

/** A sink that has noted which key it holds, and perhaps since when. */
export function knowing(name: string, state: SinkState): FakeSink {
  const sink = new FakeSink(name);
  sink.state = state;
  return sink;
}

/** A sink that does not take what it is given. */
export const refusing = (name = 'ci secret'): FakeSink => new FakeSink(name, () => ({ acknowledged: false }));
