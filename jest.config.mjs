/**
 * Tests run as the program does: Node's own type stripping, ES modules. Broker and ClickHouse are real and shared by a run. The suite on three
 * brokers has a runner of its own, so that it follows the others, one file after the other. Files named `*.long.test.ts` are those of
 * `npm run test:long` (jest.long.config.mjs).
 */
export const shared = {
  testEnvironment: '<rootDir>/test/support/patient-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.mjs' },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
}
export const SERIAL = '<rootDir>/test/cluster/serial-runner.mjs'
export const testTimeout = 60_000
const ELSEWHERE = ['/node_modules/', '<rootDir>/test/conformance/', '\\.long\\.test\\.ts$']

export default {
  // One more than the cores of the reference: tests on a platform wait most of the time.
  maxWorkers: 3,
  reporters: ['default', '<rootDir>/test/support/endless-files.mjs'],
  testSequencer: '<rootDir>/test/support/slow-first.mjs',
  testTimeout,
  projects: [
    {
      ...shared,
      displayName: 'clarion',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: [...ELSEWHERE, '<rootDir>/test/cluster/'],
    },
    {
      ...shared,
      displayName: 'cluster',
      testMatch: ['<rootDir>/test/cluster/**/*.test.ts'],
      testPathIgnorePatterns: ELSEWHERE,
      runner: SERIAL,
    },
  ],
}
