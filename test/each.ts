// Loaded with every test file. One process runs many of them, so what a test fakes ends with the test.
import { afterEach, vi } from 'vitest';

afterEach(() => {
  // Before the timers: what was spied on may be a faked one.
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
