/** What `admit` has to do with workflows: their starts, and the emits of their steps. */
import { describe, expect, it } from '@jest/globals'
import { controlKey } from '../../../src/control-plane/store/view-store.ts'
import type { LogRecord, OutRecord } from '../../../src/kafka/ports.ts'
import type { Workflow } from '../../../src/model/workflows.ts'
import { admissionKeys } from '../../../topics/admission-keys.ts'
import { auditEmits, auditEmitsCodec } from '../../../topics/audit-emits.ts'
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../../topics/platform-emits.ts'
import { runInputCodec, runs } from '../../../topics/runs.ts'
import { asRecord, examplesOf } from '../../topics/example-records.ts'
import { workflowOf } from '../../workflows/workflow-records.ts'
import { admitAll, asRead, createExamplesView } from './in-process.ts'

const ORG = 'org_01kweej16fd5swean4tt1jf6eh'
const generic = { kind: 'order', data: { n: 1 } }
const step = { runId: 'run_a', path: 'each[1]/make', attempt: 2 }

/** The examples' control plane, with these workflows in place of its own. */
function viewWith(...workflows: Workflow[]) {
  const view = createExamplesView(undefined, ['workflow', 'workflow-version'])
  let offset = view.appliedOffset
  for (const workflow of workflows) {
    const place = { topic: 'control', partition: 0, offset: ++offset, timestampMs: 0, headers: {} }
    const key = Buffer.from(controlKey('workflow', ORG, workflow.id))
    view.apply({ ...place, key, value: Buffer.from(JSON.stringify(workflow)) })
  }
  return view
}

const listening = (event: string, fields: Partial<Workflow> = {}): Workflow =>
  workflowOf({
    organizationId: ORG,
    trigger: { kind: 'event', event, version: 'latest', conditions: null },
    ...fields,
  })

/** An emit of a step of a run. */
function stepEmit(changes: Partial<PlatformEmit> = {}, offset = 0): LogRecord {
  const record = asRecord(examplesOf(platformEmits.name).find(({ shows }) => shows === 'event-of-a-step')!)
  const emit = platformEmitCodec.decode(record.value!)
  const payload = Buffer.from(JSON.stringify(generic))
  const value = platformEmitCodec.encode({ ...emit, type: 'platformxe.generic', payload, step, ...changes })
  return { ...record, offset, headers: {}, value }
}

const inputsOf = (written: OutRecord[]) =>
  written.filter(({ topic }) => topic === runs.name).map(({ value }) => runInputCodec.decode(value as Buffer))
const rowsOf = (written: OutRecord[]) =>
  written
    .filter(({ topic }) => topic === auditEmits.name)
    .flatMap(({ value }) => auditEmitsCodec.decode(value as Buffer).verdicts)

describe('an accepted event', () => {
  it('starts the workflows that listen to it in their live versions, by one record', () => {
    const workflows = [
      listening('order'),
      listening('order'),
      listening('other'),
      listening('order', { active: false }),
    ]
    const { written } = admitAll([stepEmit()], { view: viewWith(...workflows) })
    const [start] = inputsOf(written).filter(input => input.start !== null)
    expect(start!.start!.workflows).toEqual(workflows.slice(0, 2).map(({ id }) => ({ workflowId: id, version: 1 })))
    expect(start!.start!.event).toMatchObject({ organizationId: ORG, kind: 'order' })
    expect(JSON.parse(start!.start!.payload.toString())).toEqual(generic)
  })

  it('names the workflows whose conditions it does not meet, if they record that', () => {
    const conditions = { all: [{ path: 'payload.data.n', operator: 'gt', value: 9 }] }
    const trigger = { kind: 'event', event: 'order', version: 'latest', conditions } as Workflow['trigger']
    const [silent, recording] = [listening('order', { trigger }), listening('order', { trigger, recordSkips: true })]
    const { written } = admitAll([stepEmit()], { view: viewWith(silent, recording) })
    const [start] = inputsOf(written).filter(input => input.start !== null)
    expect(start!.start).toMatchObject({ workflows: [], refused: [{ workflowId: recording.id, version: 1 }] })
  })

  it('writes no record for runs where no workflow listens', () => {
    const accepted = asRecord(examplesOf('emits').find(({ shows }) => shows === 'http')!)
    const { written, verdicts } = admitAll([accepted], { view: viewWith(listening('nothing.such')) })
    expect(verdicts).toMatchObject([{ verdict: 'accepted' }])
    expect(inputsOf(written)).toEqual([])
  })
})

describe('an emit of a step', () => {
  it('is judged as any emit, one deeper, and its run gets the verdict', () => {
    const { written, verdicts } = admitAll([stepEmit()], { view: viewWith() })
    expect(verdicts).toMatchObject([
      { verdict: 'accepted', event: { depth: 1, kind: 'order', path: [expect.any(String)] } },
    ])
    const { eventId, emitId } = rowsOf(written)[0]!
    expect(inputsOf(written)).toEqual([
      {
        start: null,
        verdict: expect.objectContaining({ ...step, verdict: 'accepted', eventId, emitId, depth: 1 }),
      },
    ])
  })

  it('that its registration refuses is answered with the code', () => {
    const { written } = admitAll([stepEmit({ type: 'shop.none' })], { view: viewWith() })
    expect(inputsOf(written)).toMatchObject([{ verdict: { verdict: 'rejected', code: 'event_not_registered' } }])
  })

  it('beyond the cap of the chain is refused', () => {
    const facts = { depth: 51, rootEventId: 'evt_root', causationId: 'evt_cause' }
    const { written } = admitAll([stepEmit(facts)], { view: viewWith() })
    expect(inputsOf(written)).toMatchObject([{ verdict: { code: 'chain_depth_exceeded' } }])
  })

  it('once more is answered with the first verdict, and makes no second event', () => {
    const first = admitAll([stepEmit()], { view: viewWith() })
    const state = asRead(first.written).filter(({ topic }) => topic === admissionKeys.name)
    const again = admitAll([stepEmit({ step: { ...step, attempt: 3 } }, 1)], { view: viewWith(), state })
    const [before] = inputsOf(first.written)
    expect(inputsOf(again.written)).toMatchObject([
      { verdict: { verdict: 'duplicate', attempt: 3, eventId: before!.verdict!.eventId } },
    ])
  })
})
