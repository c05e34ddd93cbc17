/** Events that come later: once, whatever crashes, and whatever becomes of their run. */
import { expect, it } from '@jest/globals'
import { createMemoryRun } from './memory-run.ts'

const later = {
  key: 'later',
  type: 'create_event',
  with: { event: 'reminder', params: { n: '{{$param.n}}' }, delaySeconds: 60 },
}
const SEVENTY_SECONDS = 70_000

it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('a crash after %s moves emits it once, when its time has come', async moves => {
  const memory = createMemoryRun()
  memory.event([memory.deploy({ actions: [later] })], { n: 7 }, { depth: 2 })
  for (let move = 0; move < moves; move++) {
    if (move === 4) memory.clock.advance(SEVENTY_SECONDS)
    if (move % 3 === 0) memory.read()
    else if (move % 3 === 1) await memory.breathe()
    else if (memory.isDirty()) memory.commit()
  }
  memory.crash()
  await memory.settle()
  memory.clock.advance(SEVENTY_SECONDS)
  await memory.settle()
  memory.clock.advance(SEVENTY_SECONDS)
  await memory.settle()
  expect(memory.ended()).toMatchObject([{ status: 'succeeded' }])
  expect(memory.emits()).toMatchObject([
    { depth: 3, type: 'platformxe.generic', step: { runId: memory.ended()[0]!.runId, path: 'later' } },
  ])
  expect(JSON.parse(memory.emits()[0]!.payload.toString())).toEqual({ kind: 'reminder', data: { n: 7 } })
  expect(memory.state().filter(key => key.startsWith('emit/'))).toEqual([])
})

it('its run ends at once, and knows when it comes but no verdict', async () => {
  const memory = createMemoryRun()
  memory.event([memory.deploy({ actions: [later] })], { n: 7 })
  await memory.settle()
  const dueAt = new Date(memory.clock.nowMs() + 60_000).toISOString()
  expect(JSON.parse(memory.steps()[0]!.output!)).toEqual({
    ...{ emitId: null, eventId: null, canonicalName: null, depth: 1, dueAt },
  })
  expect([memory.ended().length, memory.emits()]).toEqual([1, []])
  memory.clock.advance(60_001)
  await memory.settle()
  // The verdict finds no run, and says nothing to anybody.
  memory.accept(memory.emits()[0]!)
  await memory.settle()
  expect([memory.emits().length, memory.failures]).toEqual([1, []])
})

it('more of them than the plan lets wait, and payloads beyond 256 KB, fail their step', async () => {
  const memory = createMemoryRun()
  memory.control('organization', { ...memory.organization, plan: 'FREE' } as never)
  const workflow = memory.deploy({ actions: [later] })
  for (let n = 0; n < 101; n++) memory.event([workflow], { n })
  await memory.settle()
  const ends = memory.ended().map(({ status, errorCode }) => errorCode ?? status)
  expect(ends.filter(end => end === 'succeeded')).toHaveLength(100)
  expect(ends.filter(end => end === 'waiting_limit_exceeded')).toHaveLength(1)
  memory.event([workflow], { n: 'x'.repeat(262_144) })
  await memory.settle()
  expect(memory.ended().at(-1)).toMatchObject({ errorCode: 'payload_too_large' })
})

it('those of an organization that is deleted never come', async () => {
  const memory = createMemoryRun()
  memory.event([memory.deploy({ actions: [later] })], { n: 7 })
  await memory.settle()
  memory.control('organization', { ...memory.organization, status: 'deleted' } as never)
  await memory.settle()
  memory.clock.advance(SEVENTY_SECONDS)
  await memory.settle()
  expect([memory.emits(), memory.state().filter(key => key.startsWith('emit/'))]).toEqual([[], []])
})
