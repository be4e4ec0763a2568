// A load test from create to report, as routes of the reference. The fields are those that the code under test reads: replace
// them by those that yours reads.
const DURATION_S = 600;

const seconds = (date) => Math.floor(date.getTime() / 1000);

function find({ state, params, problem }, kind) {
  const found = state.get(`${kind}/${params.id}`);
  if (found === undefined) throw problem(404, `${kind} not found`);
  return found;
}

/** A run ends when the clock of the reference says so, or when it is stopped. */
const endOf = ({ started, stopped }) => Math.min(started + DURATION_S, stopped ?? Number.POSITIVE_INFINITY);
const statusOf = (master, now) => (seconds(now) < endOf(master) ? 'DATA_RECEIVED' : 'ENDED');

export default {
  'POST /tests': {
    status: 201,
    handle({ body, user, now, state, nextId, problem }) {
      if (typeof body.name !== 'string') throw problem(400, 'name must be a string');
      const created = seconds(now);
      const test = { id: nextId(), name: body.name, userId: user.id, created, updated: created };
      state.set(`Test/${test.id}`, test);
      return test;
    },
  },
  'POST /tests/{id}/start': {
    status: 202,
    handle(request) {
      const test = find(request, 'Test');
      const master = { id: request.nextId(), testId: test.id, started: seconds(request.now) };
      request.state.set(`Master/${master.id}`, master);
      return master;
    },
  },
  'GET /masters/{id}/status': (request) => ({ status: statusOf(find(request, 'Master'), request.now) }),
  'POST /masters/{id}/stop': {
    status: 202,
    handle(request) {
      const master = find(request, 'Master');
      master.stopped ??= seconds(request.now);
      return { id: master.id };
    },
  },
  'GET /masters/{id}/reports/main/summary': (request) => {
    const master = find(request, 'Master');
    if (statusOf(master, request.now) !== 'ENDED') throw request.problem(409, 'The test is still running');
    const duration = endOf(master) - master.started;
    return { summary: [{ id: 'ALL', duration, hits: duration * 50, failed: 0 }] };
  },
};
