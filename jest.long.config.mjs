/**
 * `npm run test:long`: what takes minutes and proves rare things, one file after the other, and searches by chance ten times as long. `npm test` has a
 * short version of each promise.
 */
import { SERIAL, shared, testTimeout } from './jest.config.mjs'

process.env.CLARION_PROOF_TIMES ??= '10'
process.env.CLARION_MODEL_RUNS ??= '250'

const SEARCHES = [
  'analytics/delivery-lists',
  'api/cursors',
  'config-refused',
  'docs/api-guide',
  'kafka/foreign-batches',
  'model/cursors',
  'platform/hostile-batches',
  'processors/deliver/model',
  'registry/compatibility/proof',
  'registry/types/round-trip',
  'workflows/interpreter/model',
]

export default {
  testTimeout,
  projects: [
    {
      ...shared,
      displayName: 'long',
      testMatch: ['**/*.long', ...SEARCHES].map(name => `<rootDir>/test/${name}.test.ts`),
      runner: SERIAL,
    },
  ],
}
