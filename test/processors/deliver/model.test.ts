import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Command, command } from './model/commands.ts'
import { createModel } from './model.ts'

/** The same histories each time; `CLARION_MODEL_SEED` and `CLARION_MODEL_RUNS` select others, and more of them. */
const isLong = process.env.CLARION_MODEL_RUNS !== undefined
const RUNS = {
  seed: Number(process.env.CLARION_MODEL_SEED ?? 1),
  numRuns: Number(process.env.CLARION_MODEL_RUNS ?? 25),
  interruptAfterTimeLimit: isLong ? 3_600_000 : 40_000,
}

/** Histories that once failed. */
const examples: Array<[Command[]]> = [
  // A number that is passed over for its lane leaves the log before the lane has capacity.
  [
    [
      { do: 'emit', webhooks: ['wh_a'], count: 8, subject: null, late: 20000, unlisted: false },
      { do: 'emit', webhooks: ['wh_b'], count: 1, subject: 'b', late: true, unlisted: false },
      { do: 'emit', webhooks: ['wh_a', 'wh_c'], count: 8, subject: null, late: false, unlisted: false },
      { do: 'advance', ms: 40000, steps: 1 },
      { do: 'drop', olderMs: 0 },
      { do: 'patch', webhook: 'wh_a', change: 'url' },
      { do: 'pause', webhook: 'wh_a' },
      { do: 'redrive', webhook: 'wh_a' },
      { do: 'advance', ms: 0, steps: 1 },
    ],
  ],
]

describe.each(['none', 'block', 'park'] as const)('any history of a shard, with ordering %s', ordering => {
  it(
    'ends every delivery once, completes each emit when its last delivery has ended, and comes to rest',
    async () => {
      const history = fc.array(command, { minLength: 5, maxLength: 40, size: 'max' })
      const property = fc.asyncProperty(history, async commands => {
        const model = await createModel({ ordering })
        for (const each of commands) await model.run(each)
        await model.rest()
      })
      await expect(fc.assert(property, { ...RUNS, examples })).resolves.toBeUndefined()
    },
    RUNS.interruptAfterTimeLimit + 20_000,
  )
})
