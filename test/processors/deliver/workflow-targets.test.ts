/** Workflows as targets of replays. */
import { describe, expect, it } from '@jest/globals'
import { openWorkflow } from '../../../processors/deliver/catch-up/workflow-targets.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { Replay } from '../../../src/model/replays.ts'
import type { Workflow } from '../../../src/model/workflows.ts'
import type { Candidate } from '../../../src/replay/ways/way.ts'
import { runInputCodec } from '../../../topics/runs.ts'
import { workflowOf } from '../../workflows/workflow-records.ts'

const REPLAY = { id: 'rpl_1', organizationId: 'org_a', environment: 'live' } as Replay
const trigger = (event: string, version = 'latest') => ({ kind: 'event' as const, event, version, conditions: null })

const event = {
  ...{
    eventId: 'evt_1',
    emitId: 'cee_1',
    organizationId: 'org_a',
    environment: 'live',
    sequence: 1,
    type: 'shop.order',
  },
  ...{ canonicalName: 'TENANT_CUSTOM:org_a:shop.order@1.0.0', kind: null, source: 'api', subject: null, actorId: 'k' },
  ...{ timeMs: 0, recordedAtMs: 0, schemaVersion: '1.0.0', schemaHash: '', correlationId: null, causationId: null },
  ...{ traceparent: null, rootEventId: 'evt_1', depth: 0, path: [], federation: null },
}
const candidate = (schemaVersion = '1.0.0') =>
  ({ event: { ...event, schemaVersion }, payload: Buffer.from('{"n":1}'), number: 1 }) as unknown as Candidate

function target(workflow: Workflow | undefined) {
  const written: OutRecord[] = []
  const view = { find: () => workflow, event: () => undefined, appliedOffset: 7 }
  const ports = { view: view as never, shards: 4, write: (records: OutRecord[]) => void written.push(...records) }
  return { written, open: openWorkflow(ports, REPLAY, { id: workflow?.id ?? 'wf_none' }) }
}

describe('a workflow as the target of a replay', () => {
  it('is inactive while it is switched off or has no live version, and gone when it is deleted', () => {
    const state = (workflow: Workflow | undefined) => target(workflow).open.state()
    const own = workflowOf({ trigger: trigger('shop.order') })
    expect([own, { ...own, active: false }, { ...own, deployed: null }].map(state)).toEqual([
      ...['active', 'inactive', 'inactive'],
    ])
    const others = [{ ...own, deletedAt: 'then' }, { ...own, environment: 'test' as const }, undefined]
    expect(others.map(state)).toEqual(['gone', 'gone', 'gone'])
  })

  it('selects the event of its trigger, a bare kind among generic events', () => {
    const selectors = (name: string) => target(workflowOf({ trigger: trigger(name) })).open.selection()?.selectors
    expect(selectors('shop.order')).toEqual(['shop.order'])
    expect(selectors('order')).toEqual(['platformxe.generic#order'])
    expect(target(workflowOf()).open.selection()?.selectors).toEqual([])
  })

  it('skips versions that the trigger does not take', async () => {
    const { open } = target(workflowOf({ trigger: trigger('shop.order', '1.0.0') }))
    const judged = await open.judge([candidate('1.0.0'), candidate('2.0.0')])
    expect(judged.map(({ without }) => without?.reason)).toEqual([undefined, 'other_version'])
  })

  it('gets the event in its live version, with the replay', () => {
    const workflow = workflowOf({ trigger: trigger('shop.order') })
    const { open, written } = target(workflow)
    let left = 0
    expect(open.deliver(candidate(), () => left++)).toEqual({ outcome: 'delivered', reason: null })
    const [{ start }] = written.map(({ value }) => runInputCodec.decode(value as Buffer)) as unknown as [
      { start: object },
    ]
    expect([left, start]).toEqual([
      1,
      expect.objectContaining({
        replayId: 'rpl_1',
        workflows: [{ workflowId: workflow.id, version: 1 }],
        controlOffset: 7,
      }),
    ])
  })

  it('whose version has been taken away meanwhile gets nothing', () => {
    const { open, written } = target(workflowOf({ trigger: trigger('shop.order'), deployed: null }))
    expect(open.deliver(candidate(), () => undefined)).toEqual({ outcome: 'skipped', reason: 'inactive' })
    expect(written).toEqual([])
  })
})
