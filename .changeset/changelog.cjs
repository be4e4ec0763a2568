// How a changeset becomes a line of CHANGELOG.md: its text, without the hash of a commit in front of it.
module.exports = {
  getReleaseLine: async ({ summary }) => `- ${summary.trim().split('\n').join('\n  ')}`,
  getDependencyReleaseLine: async () => '',
};
