// The new pair goes to each sink that lacks it, and each is acknowledged alone and on record.
import type { SecretSink, SinkDelivery } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { putToSinks } from '../../src/rotation/engine/machine.ts';
import { failure } from '../support/rotation.ts';
import { RECORD, stageOf } from '../support/rotation-stage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sink = (name: string, put: SecretSink['put'] = async () => {}): SecretSink => ({ name, put });
const holding = (name: string, epoch: number | null = null) => ({ name, keyId: null, epoch });

describe('the sinks', () => {
  it('get the pair one after the other, and each is acknowledged alone', async () => {
    const got: SinkDelivery[] = [];
    const put = async (delivery: SinkDelivery) => void got.push(delivery);
    const bad = sink('bad', () => Promise.reject(Object.assign(new Error('x'), { code: 'EIO' })));
    const { run, keys, saves } = stageOf({
      run: { sinks: [sink('one', put), bad, sink('two', put), sink('held', put)], dropSinks: ['gone'] },
      record: () => ({
        sinks: [
          holding('one'),
          holding('bad'),
          holding('lost', 2),
          holding('gone'),
          holding('two', 2),
          holding('held', 3),
        ],
      }),
    });
    expect(await putToSinks(run)).toBe(false);
    const { id, secret, expiresAt } = run.record.current;
    const delivery = { id, secret, expiresAt, recordId: RECORD, epoch: 3 };
    expect(got).toEqual([delivery, delivery]);
    const done = (name: string) => ({ name, keyId: keys.ci.id, epoch: 3 });
    expect(saves()).toEqual([
      { sinks: [done('one'), holding('bad'), holding('lost', 2), holding('two', 2), holding('held', 3)] },
      { sinks: [done('one'), holding('bad'), holding('lost', 2), done('two'), holding('held', 3)] },
    ]);
    expect(Object.fromEntries(run.sinkProblems)).toEqual({
      bad: 'Error: EIO',
      lost: 'it was not given to this run',
    });
    expect(run.steps).toEqual(['gave the new pair to one', 'gave the new pair to two']);
  });

  it('are all done where each has it, and what they get may be called otherwise', async () => {
    const { run } = stageOf({
      run: { sinks: [sink('one')] },
      record: () => ({ sinks: [holding('one'), holding('held', 3)] }),
    });
    expect(await putToSinks(run, 'the pair once more')).toBe(true);
    expect(run.steps).toEqual(['gave the pair once more to one']);
    expect(await putToSinks(stageOf().run)).toBe(true);
  });

  it('hear of the caller’s abort', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { run } = stageOf({
      signal: controller.signal,
      run: {
        sinks: [
          sink('one', () => {
            controller.abort(reason);
            return new Promise(() => {});
          }),
        ],
      },
      record: () => ({ sinks: [holding('one')] }),
    });
    expect(await failure(putToSinks(run))).toBe(reason);
  });
});
