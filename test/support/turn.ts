/**
 * Waits out the end of a second. The service tells times in whole seconds, so whether a key was created by a request that is sent
 * as one turns can rightly be unknown.
 */
export async function awayFromTurn(): Promise<void> {
  const into = Date.now() % 1_000;
  if (into > 800) await new Promise((resolve) => setTimeout(resolve, 1_010 - into));
}
