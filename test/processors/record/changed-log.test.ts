import { describe, expect, it } from '@jest/globals'
import { auditEmits } from '../../../topics/audit-emits.ts'
import { countRows } from '../../analytics/database.ts'
import { emit } from './driver.ts'
import { analytics, begin, link, logs } from './running-record.ts'

describe('record, when the log that it reads becomes another one', () => {
  const isThrough = (from: number, topicId: string) =>
    logs.until(() => {
      const state = logs.state(auditEmits.name)
      return state?.through === null && state.from === from && state.topicId === topicId
    })

  it('writes the records of a topic made anew at offsets that are recorded already', async () => {
    emit(logs, 1)
    const life = await begin()
    await isThrough(1, 'a')
    logs.turnBack(auditEmits.name, 0, 'b')
    emit(logs, 2)
    life.goBack(auditEmits.name, 0)
    await isThrough(1, 'b')
    expect(await countRows(analytics, 'emits')).toBe(2)
    expect(logs.state(auditEmits.name)).toMatchObject({ topicId: 'b', leaderEpoch: 0 })
  })

  it('writes new records at offsets where the log was cut, and repeats none before', async () => {
    emit(logs, 1, 3)
    const life = await begin()
    await isThrough(5, 'a')
    logs.turnBack(auditEmits.name, 2)
    emit(logs, 4)
    // A reader that cannot find the exact point goes back further.
    life.goBack(auditEmits.name, 0)
    await isThrough(3, 'a')
    expect(await countRows(analytics, 'emits')).toBe(4)
    expect(logs.state(auditEmits.name)?.leaderEpoch).toBe(1)
  })

  it('still writes the records read from the former one, though ClickHouse was unavailable', async () => {
    link.state = 'cut'
    const refused = new Promise<void>(resolve => (link.onRefused = resolve))
    emit(logs, 1)
    const life = await begin()
    await refused
    emit(logs, 2, 2)
    life.feed()
    await logs.until(() => true)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    logs.turnBack(auditEmits.name, 0, 'b')
    emit(logs, 4)
    life.goBack(auditEmits.name, 0)
    link.state = 'open'
    await isThrough(1, 'b')
    expect(await countRows(analytics, 'emits')).toBe(4)
  })

  it('sends the rest of a block in flight, and the new records beside it', async () => {
    link.state = 'cut'
    const refused = new Promise<void>(resolve => (link.onRefused = resolve))
    emit(logs, 1, 2)
    const before = await begin()
    await refused
    before.crash()
    logs.turnBack(auditEmits.name, 2)
    emit(logs, 3)
    link.state = 'open'
    await begin()
    await isThrough(3, 'a')
    expect(await countRows(analytics, 'emits')).toBe(2)
  })
})
