/** A run under a test's hand: a definition, a start, and inputs one by one. */
import { type Advance, advance, continueRun } from '../../../src/workflows/interpreter/advance.ts'
import { compileProgram } from '../../../src/workflows/interpreter/program.ts'
import type { Input, Perform, Run, RunStart, StepError, StepRecord } from '../../../src/workflows/interpreter/run.ts'
import { createRun } from '../../../src/workflows/interpreter/snapshot.ts'
import { checkDefinition } from '../../../src/workflows/language/check-definition.ts'
import { PERMISSIVE_CONTEXT } from '../../../src/workflows/language/deploy-context.ts'
import { definitionOf } from '../language/checked.ts'

export const START_MS = 1_000_000

export interface Started {
  run: Run
  /** What the last input led to, its slices together. */
  last: Advance
  records: StepRecord[]
  give(input: Input): Advance
  answer(path: string, output: unknown, attempt?: number): Advance
  fail(path: string, error: Partial<StepError>, attempt?: number): Advance
  wake(afterMs: number): Advance
  /** Paths of the effects that the last input asked for. */
  asked(): string[]
  performed(path: string): Perform
}

export function started(actions: unknown[], more: Partial<RunStart> & { onError?: unknown[] } = {}): Started {
  const { onError = [], ...given } = more
  const text = definitionOf(actions, { onError })
  const kind = text.includes('$param') ? 'workflow' : 'route'
  const { definition, findings } = checkDefinition(text, { ...PERMISSIVE_CONTEXT, kind })
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (definition === undefined || errors.length > 0) throw new Error(JSON.stringify(findings))
  const start: RunStart = {
    ...{ id: 'run_1', workflowId: 'wf_1', mode: 'live', startedAtMs: START_MS, scopes: {}, variables: {} },
    ...{ strict: false, timeoutMs: 300_000 },
    ...given,
  }
  const run = createRun({ program: compileProgram(definition), start, secret: name => `secret of ${name}` })
  let nowMs = START_MS
  const started: Started = {
    run,
    last: undefined as unknown as Advance,
    records: [],
    give(input) {
      let next = advance(run, input)
      let all = next
      while (next.hasYielded) {
        next = continueRun(run)
        const effects = [...all.effects, ...next.effects]
        all = {
          ...next,
          effects,
          records: [...all.records, ...next.records],
          accepted: [...all.accepted, ...next.accepted],
        }
      }
      started.last = all
      started.records.push(...all.records)
      return all
    },
    answer: (path, output, attempt = 1) => started.give({ kind: 'answer', path, attempt, nowMs, output }),
    fail: (path, error, attempt = 1) =>
      started.give({ kind: 'answer', path, attempt, nowMs, error: { code: 'down', message: 'is down', ...error } }),
    wake(afterMs) {
      nowMs += afterMs
      return started.give({ kind: 'wake', nowMs })
    },
    asked: () => started.last.effects.filter(({ kind }) => kind === 'perform').map(({ path }) => path),
    performed: path => started.last.effects.find(effect => effect.path === path) as Perform,
  }
  started.give({ kind: 'start', nowMs })
  return started
}
