import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compileProgram } from '../../../src/workflows/interpreter/program.ts'
import type { RunStart } from '../../../src/workflows/interpreter/run.ts'
import { checkDefinition } from '../../../src/workflows/language/check-definition.ts'
import { TIMES } from '../../support/searches.ts'
import { definitions, hastyDefinitions } from './definitions.ts'
import { modelOf } from './model.ts'
import { live } from './world.ts'

/** `CLARION_WORKFLOW_CASES=100000` for a search of hours. */
const CASES = Number(process.env.CLARION_WORKFLOW_CASES ?? 300 * TIMES)

const START: RunStart = {
  id: 'run_1',
  workflowId: 'wf_1',
  mode: 'live',
  startedAtMs: 1_000_000,
  scopes: { $param: { n: 2 } },
  variables: {},
  strict: false,
  timeoutMs: 3_600_000 * 100,
}

const scheduled = (schedule: readonly number[]) => {
  let at = 0
  return (below: number): number => (schedule[at++ % Math.max(schedule.length, 1)] ?? 0) % below
}

describe('a run', () => {
  it('ends as its definition says, whatever crashes, and does outside only what it may', () => {
    let [crashes, ends, failures] = [0, 0, 0]
    fc.assert(
      fc.property(definitions, fc.array(fc.nat(999_983), { minLength: 40, maxLength: 200 }), (text, schedule) => {
        const program = compileProgram(checkDefinition(text, undefined).definition!)
        const world = live(program, START, scheduled(schedule))
        const { ended, root, warnings } = world.run.state
        const model = modelOf(program, START.scopes.$param, (path, attempt) => world.outcomes.get(`${path}#${attempt}`))
        expect([ended!.status, ended!.error?.code ?? null]).toEqual([model.status, model.code])
        expect(comparable(root.outputs)).toEqual(comparable(model.root.outputs))
        expect(comparable(root.variables)).toEqual(comparable(model.root.variables))
        expect(warnings).toEqual([])
        ;[crashes, ends, failures] = [crashes + world.crashes, ends + 1, failures + Number(ended!.status === 'failed')]
      }),
      { numRuns: CASES },
    )
    expect(ends).toBe(CASES)
    expect(Math.min(crashes, failures)).toBeGreaterThan(0)
  })

  it('does outside only what it may, and ends, where the order of answers decides how', () => {
    fc.assert(
      fc.property(hastyDefinitions, fc.array(fc.nat(999_983), { minLength: 40, maxLength: 200 }), (text, schedule) => {
        const { run } = live(compileProgram(checkDefinition(text).definition!), START, scheduled(schedule))
        expect(run.state.warnings).toEqual([])
        expect([run.state.fibers, run.state.bytes, run.pending.size, run.given.size]).toEqual([0, 0, 0, 0])
      }),
      { numRuns: Math.ceil(CASES / 3) },
    )
  })
})

/** Codes of errors and the outputs; messages and times are no part of the meaning. */
const comparable = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, member) => (['message', 'until', 'errors', 'path'].includes(key) ? undefined : member)),
  )
