// The contract without a test runner: every behaviour through each front end that needs no library, on whatever runtime
// this file is started with. Prints one line of JSON.
import { frontEnds } from '../contract/parity/front-ends.ts';
import { runBehaviour } from '../contract/parity/run.ts';
import { topics } from '../contract/parity/suite.ts';
import { walk } from './walk.ts';

async function main(): Promise<void> {
  const failed: string[] = [];
  let passed = 0;
  const attempt = async (title: string, act: () => Promise<unknown>) => {
    try {
      await act();
      passed += 1;
    } catch (error) {
      failed.push(`${title}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  };
  await attempt('a walk through the entry points', walk);
  for (const frontEnd of frontEnds) {
    for (const { topic, behaviours } of topics) {
      for (const behaviour of behaviours) {
        await attempt(`${frontEnd.name}, ${topic}: ${behaviour.name}`, () =>
          runBehaviour(behaviour, frontEnd),
        );
      }
    }
  }
  process.stdout.write(`${JSON.stringify({ passed, failed })}\n`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

void main();
