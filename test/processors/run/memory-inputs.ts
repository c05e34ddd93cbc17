import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { Workflow } from '../../../src/model/workflows.ts'
import { type DomainCommand, domainCommandCodec, domainCommands } from '../../../topics/domain-commands.ts'
import { runInputCodec, runs } from '../../../topics/runs.ts'
import { type RunCommand, runCommandCodec, runsCommands } from '../../../topics/runs-commands.ts'

interface InputsDeps {
  append(record: Pick<OutRecord, 'topic' | 'key' | 'value'>): void
  clock: { nowMs(): number }
  organizationId: string
}

export function createInputs({ append, clock, organizationId }: InputsDeps) {
  let emitted = 0
  return {
    /** An accepted event that starts these workflows. */
    event(
      workflows: readonly Workflow[],
      payload: object = {},
      facts: object = {},
      refused: readonly Workflow[] = [],
      replayId: string | null = null,
    ): void {
      const number = String(++emitted).padStart(32, '0')
      const event = {
        ...{ eventId: `evt_${number}`, emitId: `cee_${number}`, organizationId, environment: 'live' },
        ...{ sequence: emitted, type: 'shop.order', canonicalName: 'TENANT_CUSTOM:org_a:shop.order@1.0.0', kind: null },
        ...{ source: 'api', subject: null, actorId: 'key_a', timeMs: clock.nowMs(), recordedAtMs: clock.nowMs() },
        ...{ schemaVersion: '1.0.0', schemaHash: '', correlationId: null, causationId: null, traceparent: null },
        ...{ rootEventId: `evt_${number}`, depth: 0, path: [] as string[], federation: null },
        ...facts,
      }
      const start = {
        ...{ event: event as never, payload: Buffer.from(JSON.stringify(payload)), controlOffset: -1 },
        ...{ workflows: workflows.map(pinned), refused: refused.map(pinned), replayId },
      }
      append({ topic: runs.name, key: null, value: runInputCodec.encode({ start, verdict: null }) })
    },
    command(command: Partial<RunCommand>): void {
      const value = runCommandCodec.encode({
        ...{
          kind: 'start',
          organizationId,
          environment: 'live',
          runId: 'run_x',
          actorId: '',
          requestId: '',
        },
        ...{ workflowId: '', version: 1, scopes: null, trigger: null, retryOf: null, options: null },
        ...{ controlOffset: -1, answerTo: null, callKey: null, ask: null },
        ...command,
      })
      append({ topic: runsCommands.name, key: null, value })
    },
    /** A call of the reference domain; its answer is for the process `api_x`. */
    domain(command: Pick<DomainCommand, 'name'> & Partial<DomainCommand>, correlation: number): void {
      const answerTo = {
        ...{ process: 'api_x', correlation, deadlineMs: 4_000_000_000_000, wants: 'response' as const },
      }
      const value = domainCommandCodec.encode({
        ...{ organizationId, environment: 'live', actorId: 'key_a', requestId: `req_${correlation}` },
        ...{ id: '', part: '', body: '{}', expectedRevision: null, idempotencyKey: null, controlOffset: -1 },
        ...{ recordsMax: 100, answerTo },
        ...command,
      })
      append({ topic: domainCommands.name, key: null, value })
    },
  }
}

const pinned = ({ id }: Workflow) => ({ workflowId: id, version: 1 })
