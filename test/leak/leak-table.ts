// The leak table: every failure x every view x every encoding, and no piece of a secret in any of them.
import { afterAll, describe, expect, it } from 'vitest';
import { createDetector, encodingNames, encodings } from './detector.ts';
import type { Failure } from './failures.ts';
import { play } from './play.ts';
import { type Kind, kinds, secretsOf } from './stage.ts';
import { views } from './views.ts';

/** Plays the failures of each kind of secret. */
export function leakTable(failuresOf: (kind: Kind) => readonly Failure[]): void {
  let cells = 0;
  let hitsInAll = 0;

  afterAll(() => {
    const count = kinds.flatMap(failuresOf).length;
    console.log(
      `leak table: ${count} failures x ${views.length} views x ${encodingNames.length} encodings = ${cells} cells, hits ${hitsInAll}`,
    );
  });

  describe.each(kinds)('with a secret that is %s', (kind) => {
    const secrets = secretsOf(kind);
    const detect = createDetector(secrets);

    it.each(failuresOf(kind))('$name shows nothing of it', async (failure) => {
      const hits: unknown[] = [];
      const outcome = await play(failure, kind, async (scene) => {
        for (const view of views) {
          const found = detect(await view.look(scene));
          cells += encodingNames.length;
          hits.push(...found.map((hit) => `${view.name}: ${hit.encoding}, ${hit.secret} from ${hit.from}`));
        }
      });
      hitsInAll += hits.length;
      expect([...new Set(hits)].slice(0, 20)).toEqual([]);
      expect(outcome instanceof Error ? outcome.name : 'success').toBe(failure.ends ?? 'success');
    });

    it.each(views)('a leak that is planted in $name is found', async ({ look, plant }) => {
      for (const [name, secret] of Object.entries(secrets)) {
        for (const encoding of encodingNames) {
          const text = encodings[encoding].write(secret);
          const found = detect(await look(plant(`before ${text} after`)));
          expect(
            found.some((hit) => hit.secret === name),
            `${encoding}`,
          ).toBe(true);
        }
      }
    });
  });
}
