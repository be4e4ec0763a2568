// A rotation in the playground: a record in memory, one sink, a drain of an hour, and a process that may die on the way.

import { adopt, type RotationReport, resume, rotate, type SecretSink } from 'blazemeter-client/rotation';
import { type Action, choices } from './actions.ts';
import { type Mortal, mortal } from './dying.ts';
import { clientAs, day, failed, type Outcome, type Told } from './outcome.ts';
import type { World } from './world.ts';

type Rotate = Extract<Action, { do: 'rotate' }>;
type Resume = Extract<Action, { do: 'resume' }>;

const OPTIONS = { owner: 'job-1', timing: { lookAgainMs: 10, testWithinMs: 1_000 } };

/** The pairs of the record go into the key ring, as readers of the store have them. Gives the code that takes them. */
async function keepPairs(world: World): Promise<string> {
  const { record } = (await world.store.read()) ?? {};
  const places = {
    current: record?.current,
    previous: record?.previous,
    'pending.key': record?.pending?.key,
  };
  let code = '';
  for (const [place, held] of Object.entries(places)) {
    if (held == null || world.find(held.id, held.secret.reveal()) !== undefined) continue;
    code += `\nconst ${world.nextCopy} = (await store.read()).record.${place};`;
    world.keep(held.id, held.secret, world.nextCopy);
  }
  return code;
}

/** A report, as an outcome. */
function reported(report: RotationReport): Outcome {
  const { phase, epoch, keyId, resumeAfter, steps, notes } = report;
  return {
    tone: report.stillUsed === undefined ? 'good' : 'neutral',
    headline: `The rotation is ${phase}, epoch ${epoch}.`,
    lines: [
      `The key in use is ${keyId}.`,
      ...steps.map((step) => `Done: ${step}.`),
      ...notes,
      ...(resumeAfter === null ? [] : [`Run again after ${day(resumeAfter)}.`]),
    ],
  };
}

interface Ran {
  readonly outcome: Outcome;
  /** The step at which the process died. */
  readonly died?: number;
  /** The code that takes the pairs of the record. */
  readonly pairs: string;
}

/** Lets a run go until it ends or its process dies. */
async function run(
  world: World,
  { crash, side }: Pick<Rotate, 'crash' | 'side'>,
  work: (hands: Mortal) => Promise<RotationReport>,
): Promise<Ran> {
  const sink: SecretSink = {
    name: 'ci secret',
    put: async ({ id }) => {
      world.sink = id;
    },
  };
  const hands = mortal({ store: world.store, fetch: world.reference.fetch, sink }, { crash, side });
  try {
    const end = await Promise.race([work(hands), hands.died]);
    const pairs = await keepPairs(world);
    if (end !== 'died') {
      const outcome = reported(end);
      const late = `The run never came to the step “${choices.crash[crash]}”, so it did not die.`;
      return { outcome: crash === 'none' ? outcome : { ...outcome, lines: [late, ...outcome.lines] }, pairs };
    }
    const outcome: Outcome = {
      tone: 'bad',
      headline: `The process died ${choices.side[side]} ${choices.crash[crash]}.`,
      lines: ['Nobody was told. What is left is what the record says, and what the service did. Resume.'],
    };
    return { outcome, died: hands.steps(), pairs };
  } catch (error) {
    return { outcome: failed(error), pairs: await keepPairs(world) };
  }
}

/** The call of a run: alone, or by a process that dies at one of its steps. */
function runCode(
  n: number,
  call: string,
  options: string,
  side: string,
  { outcome, died, pairs }: Ran,
): string {
  const [name, who] = call.split(' ');
  if (died === undefined) {
    const whole = `await ${name}(as(${who}), { ...run, store, sinks: [sink]${options} })`;
    return outcome.tone === 'bad'
      ? `${whole}.catch(told);${pairs}`
      : `const report${n} = ${whole};\nconsole.log(report${n}.phase, report${n}.steps);${pairs}`;
  }
  return `const job${n} = dying({ step: ${died}, side: '${side}' });
await Promise.race([
  ${name}(as(${who}, job${n}.fetch), { ...run, store: job${n}.store, sinks: [job${n}.sink]${options} }),
  job${n}.death,
]);${pairs}`;
}

/** What a title says of a crash. */
const dying = ({ crash, side }: Pick<Rotate, 'crash' | 'side'>): string =>
  crash === 'none' ? '' : `, and die ${choices.side[side]} ${choices.crash[crash]}`;

/** Puts the pair on record, if nothing is, and rotates it. */
export async function rotateRun(world: World, action: Rotate, n: number): Promise<Told> {
  const { reason, side } = action;
  const copy = world.copy(action.pair);
  const title = `Rotate the key on record: ${choices.reason[reason]}${dying(action)}`;
  let adopted = '';
  if (!world.adopted) {
    const adoption = `adopt(as(${copy.code}), { store, name: 'nightly', credentials: ${copy.code} })`;
    const credentials = { id: copy.id, secret: copy.secret };
    try {
      await adopt(clientAs(copy, world), { store: world.store, name: 'nightly', credentials });
    } catch (error) {
      return { title, code: `await ${adoption}.catch(told);`, outcome: failed(error) };
    }
    world.adopted = true;
    adopted = `await ${adoption};\n`;
  }
  const ran = await run(world, action, ({ store, fetch, sink }) =>
    rotate(clientAs(copy, world, { fetch }), {
      ...OPTIONS,
      store,
      sinks: [sink],
      reason,
      drain: { hours: 1 },
    }),
  );
  const options = `, reason: '${reason}', drain: { hours: 1 }`;
  return {
    title,
    outcome: ran.outcome,
    code: adopted + runCode(n, `rotate ${copy.code}`, options, side, ran),
  };
}

/** Goes on with what the record has under way. */
export async function resumeRun(world: World, action: Resume, n: number): Promise<Told> {
  const copy = world.copy(1);
  const ran = await run(world, action, ({ store, fetch, sink }) =>
    resume(clientAs(copy, world, { fetch }), { ...OPTIONS, store, sinks: [sink] }),
  );
  return {
    title: `Resume the rotation${dying(action)}`,
    outcome: ran.outcome,
    code: runCode(n, `resume ${copy.code}`, '', action.side, ran),
  };
}
