// The example of testing a plugin is a test file itself: it is run as it stands.
import '../../examples/plugin-tests-msw/plugin.test.ts';
