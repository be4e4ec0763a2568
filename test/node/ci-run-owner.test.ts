// The owner of a lease in a CI system: the same for every attempt of a job, another for any other job.
import { ciRunOwner } from 'blazemeter-client/node';
import { memoryStore, resume, rotate } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { adopted, recordOf, rotationWorld } from '../rotation/support/world.ts';

type Environment = Readonly<Record<string, string>>;

interface Row {
  readonly system: string;
  readonly env: Environment;
  readonly owner: string;
  /** What differs in the next attempt of the same job. */
  readonly again: Environment;
  /** What differs in another job of the same run, and in another run. */
  readonly others: readonly Environment[];
  /** Without these the owner is unknown. */
  readonly needed: readonly string[];
}

const rows: readonly Row[] = [
  {
    system: 'GitHub Actions',
    env: {
      GITHUB_ACTIONS: 'true',
      GITHUB_REPOSITORY: 'acme/load',
      GITHUB_RUN_ID: '4711',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_JOB: 'rotate',
    },
    owner: 'github acme/load 4711 rotate',
    again: { GITHUB_RUN_ATTEMPT: '2' },
    others: [{ GITHUB_JOB: 'other' }, { GITHUB_RUN_ID: '4712' }, { GITHUB_REPOSITORY: 'acme/web' }],
    needed: ['GITHUB_ACTIONS', 'GITHUB_REPOSITORY', 'GITHUB_RUN_ID', 'GITHUB_JOB'],
  },
  {
    system: 'Azure Pipelines',
    env: {
      TF_BUILD: 'True',
      SYSTEM_TEAMPROJECTID: 'project-1',
      BUILD_BUILDID: '88',
      SYSTEM_STAGENAME: 'nightly',
      SYSTEM_PHASENAME: 'rotate',
      SYSTEM_JOBNAME: 'eu',
      SYSTEM_JOBID: 'job-of-attempt-1',
      SYSTEM_JOBATTEMPT: '1',
    },
    owner: 'azure project-1 88 rotate nightly eu',
    again: { SYSTEM_JOBID: 'job-of-attempt-2', SYSTEM_JOBATTEMPT: '2' },
    others: [
      { SYSTEM_PHASENAME: 'other' },
      { SYSTEM_JOBNAME: 'us' },
      { SYSTEM_STAGENAME: 'daily' },
      { BUILD_BUILDID: '89' },
    ],
    needed: ['TF_BUILD', 'SYSTEM_TEAMPROJECTID', 'BUILD_BUILDID'],
  },
  {
    system: 'GitLab',
    env: {
      GITLAB_CI: 'true',
      CI_PROJECT_PATH: 'acme/load',
      CI_PIPELINE_ID: '5',
      CI_JOB_NAME: 'rotate 1/2',
      CI_JOB_ID: '100',
    },
    owner: 'gitlab acme/load 5 rotate 1/2',
    again: { CI_JOB_ID: '101' },
    others: [{ CI_JOB_NAME: 'rotate 2/2' }, { CI_PIPELINE_ID: '6' }],
    needed: ['GITLAB_CI', 'CI_PROJECT_PATH', 'CI_PIPELINE_ID', 'CI_JOB_NAME'],
  },
  {
    system: 'CircleCI',
    env: {
      CIRCLECI: 'true',
      CIRCLE_PIPELINE_ID: 'pipeline-1',
      CIRCLE_WORKFLOW_ID: 'workflow-1',
      CIRCLE_JOB: 'rotate',
      CIRCLE_NODE_INDEX: '0',
      CIRCLE_BUILD_NUM: '7',
    },
    owner: 'circleci pipeline-1 rotate 0',
    again: { CIRCLE_WORKFLOW_ID: 'workflow-2', CIRCLE_BUILD_NUM: '8' },
    others: [{ CIRCLE_JOB: 'other' }, { CIRCLE_NODE_INDEX: '1' }, { CIRCLE_PIPELINE_ID: 'pipeline-2' }],
    needed: ['CIRCLECI', 'CIRCLE_PIPELINE_ID', 'CIRCLE_JOB'],
  },
  {
    system: 'Buildkite',
    env: {
      BUILDKITE: 'true',
      BUILDKITE_BUILD_ID: 'build-1',
      BUILDKITE_STEP_ID: 'step-1',
      BUILDKITE_JOB_ID: 'job-1',
      BUILDKITE_RETRY_COUNT: '0',
      BUILDKITE_PARALLEL_JOB: '3',
    },
    owner: 'buildkite build-1 step-1 3',
    again: { BUILDKITE_JOB_ID: 'job-2', BUILDKITE_RETRY_COUNT: '1' },
    others: [
      { BUILDKITE_STEP_ID: 'step-2' },
      { BUILDKITE_PARALLEL_JOB: '4' },
      { BUILDKITE_BUILD_ID: 'build-2' },
    ],
    needed: ['BUILDKITE', 'BUILDKITE_BUILD_ID', 'BUILDKITE_STEP_ID'],
  },
  {
    system: 'Jenkins',
    env: { JENKINS_URL: 'https://ci.example.com/', JOB_NAME: 'load/rotate', BUILD_NUMBER: '12' },
    owner: 'jenkins load/rotate 12',
    again: { EXECUTOR_NUMBER: '1' },
    others: [{ BUILD_NUMBER: '13' }, { JOB_NAME: 'load/other' }],
    needed: ['JENKINS_URL', 'JOB_NAME', 'BUILD_NUMBER'],
  },
];

describe.each(rows)('the owner in $system', ({ env, owner, again, others, needed }) => {
  it('names the run and the job', () => expect(ciRunOwner(env)).toBe(owner));

  it('is the same in the next attempt', () => expect(ciRunOwner({ ...env, ...again })).toBe(owner));

  it.each(others)('is another with %o', (other) => {
    expect(ciRunOwner({ ...env, ...other })).toMatch(/ /);
    expect(ciRunOwner({ ...env, ...other })).not.toBe(owner);
  });

  it.each(needed)('is not guessed without %s', (name) => {
    expect(ciRunOwner({ ...env, [name]: ' ' })).toBeUndefined();
    const { [name]: _, ...rest } = env;
    expect(ciRunOwner(rest)).toBeUndefined();
  });
});

describe('the owner of a CI run', () => {
  it('is left out elsewhere', () => expect(ciRunOwner({ PATH: '/bin', CI: 'true' })).toBeUndefined());

  it('is read from the environment of the process, at the time of the call', () => {
    for (const { env } of rows) for (const name of Object.keys(env)) vi.stubEnv(name, '');
    expect(ciRunOwner()).toBeUndefined();
    for (const [name, value] of Object.entries(rows[0]?.env ?? {})) vi.stubEnv(name, value);
    expect(ciRunOwner()).toBe('github acme/load 4711 rotate');
  });

  it('lets the next attempt go on where the last one died, at once, with the same key', async () => {
    const world = rotationWorld();
    const store = await adopted(world, memoryStore());
    const attempt = (number: string) =>
      ciRunOwner({ ...rows[0]?.env, GITHUB_RUN_ATTEMPT: number, CI: 'true' }) ?? '';
    // The first attempt dies with its lease, just after the plan was written.
    let dead = false;
    const dying = {
      read: () => store.read(),
      write: async (record: Parameters<typeof store.write>[0], options: { ifMatch: string | null }) => {
        if (dead) return new Promise<never>(() => {});
        dead = record.phase === 'creating';
        return store.write(record, options);
      },
    };
    rotate(world.client, { store: dying, reason: 'schedule', owner: attempt('1') }).catch(() => {});
    await vi.waitUntil(async () => (await recordOf(store)).phase === 'creating' && dead);
    const planned = (await recordOf(store)).pending?.nonce;
    await expect(resume(world.client, { store, owner: 'another run' })).rejects.toMatchObject({
      code: 'rotation_busy',
    });
    const report = await resume(world.client, {
      store,
      owner: attempt('2'),
      timing: { lookAgainMs: 1 },
    });
    expect(report.rotated).toBe(true);
    expect((await recordOf(store)).current.name).toContain(planned);
    expect(world.reference.journal.of('apiKeys.create').filter(({ committed }) => committed)).toHaveLength(1);
  });
});
