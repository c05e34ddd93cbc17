import { expect, it } from '@jest/globals'
import type { LookOrder } from '../../src/control-plane/drift/look-order.ts'
import { createNoteTypes, ROLLOUT_MS } from '../../src/control-plane/drift/type-generation.ts'
import { createLogger } from '../../src/logger.ts'
import type { RegisteredEvent } from '../../src/model/control-view.ts'
import type { Observation } from '../../src/model/drift.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { registered, registration } from '../registry/registrations.ts'

const hash = (digit: string) => digit.repeat(64)
const DAY_MS = 86_400_000

function noted() {
  const clock = createManualClock()
  const seen: Observation[] = []
  const event: RegisteredEvent = registered(
    registration('1.0.0', { schemaHash: hash('a') }),
    registration('1.1.0', { schemaHash: hash('b') }),
  )
  const note = createNoteTypes({
    view: { event: () => event },
    drift: { look: async (order: LookOrder) => void seen.push(...order.observe(undefined as never)) },
    clock,
    logger: createLogger('silent'),
  })
  const emit = (schemaHash: string | undefined, version?: string) =>
    note({ organizationId: 'org_x', fullName: 'lettings.viewing', version, schemaHash })
  return { clock, seen, emit }
}

it('an emit with types of another schema is answered with the current version at once', () => {
  const { emit } = noted()
  expect(emit(hash('a'))).toBe('1.1.0')
  expect(emit(hash('c'))).toBe('1.1.0')
  expect([
    emit(hash('b')),
    emit(hash('a'), '1.0.0'),
    emit(undefined),
    emit('no hash'),
    emit(hash('a'), '9.9.9'),
  ]).toEqual(Array(5).fill(undefined))
})

it('is no finding while the processes of a client are replaced, and one a day when it goes on', () => {
  const { clock, seen, emit } = noted()
  for (let minute = 0; minute < 59; minute++) {
    emit(hash('a'))
    emit(hash('b'))
    clock.advance(60_000)
  }
  expect(seen).toEqual([])
  clock.advance(ROLLOUT_MS)
  for (let again = 0; again < 10; again++) emit(hash('a'))
  expect(seen).toMatchObject([
    { kind: 'type_generation', severity: 'info', entityId: 'lettings.viewing@1.1.0', actual: { version: '1.0.0' } },
  ])
  clock.advance(DAY_MS)
  emit(hash('a'))
  expect(seen).toHaveLength(2)
})
