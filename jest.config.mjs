/**
 * Tests run as the program does: Node's own type stripping, ES modules. Broker and ClickHouse are real and shared by a run. The suite on three
 * brokers has a runner of its own, so that it follows the others, one file after the other.
 */
const shared = {
  testEnvironment: '<rootDir>/test/support/patient-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.mjs' },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
}

export default {
  maxWorkers: 2,
  testTimeout: 60_000,
  projects: [
    {
      ...shared,
      displayName: 'clarion',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/conformance/', '<rootDir>/test/cluster/'],
    },
    {
      ...shared,
      displayName: 'cluster',
      testMatch: ['<rootDir>/test/cluster/**/*.test.ts'],
      runner: '<rootDir>/test/cluster/serial-runner.mjs',
    },
  ],
}
