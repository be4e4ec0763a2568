// Every store does what every store must do.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { benches } from './benches.ts';
import { behaviours } from './conformance.ts';

// The wait before another try is random: none here.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

describe.each(benches)('$name', ({ name, make }) => {
  it('can be looked at from behind, unless it is the memory', async () => {
    const bench = await make();
    await bench.close();
    expect(bench.behind === undefined).toBe(name === 'memoryStore');
  });

  it.each(behaviours.filter(({ fits }) => fits === undefined || name !== 'memoryStore'))(
    '$name',
    async (behaviour) => {
      const bench = await make();
      try {
        if (behaviour.fits?.(bench) ?? true) await behaviour.run(bench);
        // Only a file has no connection that could lose a response.
        else expect(name).toContain('fileStore');
      } finally {
        await bench.close();
      }
    },
  );
});
