/** Whom the next owner of a shard waits for. */
import { describe, expect, it } from '@jest/globals'
import { createProducerMarks } from '../../src/kafka/runtime/producer-mark.ts'

const home = { topic: 'state', partition: 3 }
const writerWith = (producerId: bigint) => ({ producerId: () => producerId })
const recordOf = (key: string, value: string) => ({ key: Buffer.from(key), value: Buffer.from(value) })

describe('marks of the producer', () => {
  it('are due in front of the first commit and after each change of the id, until they have committed', () => {
    const marks = createProducerMarks(home)
    const [first] = marks.due(writerWith(5n))
    expect(first).toMatchObject({ ...home, key: 'producer', value: Buffer.from('5') })
    expect(marks.due(writerWith(5n))).toHaveLength(1)
    marks.written([first!])
    expect(marks.due(writerWith(5n))).toEqual([])
    expect(marks.due(writerWith(6n))).toHaveLength(1)
  })

  it('of another id say that the former owner may still write', () => {
    const marks = createProducerMarks(home)
    expect(marks.isOfAnother(writerWith(5n))).toBe(false)
    expect(marks.read(recordOf('producer', '5'))).toBe(true)
    expect(marks.isOfAnother(writerWith(5n))).toBe(false)
    expect(marks.isOfAnother(writerWith(6n))).toBe(true)
  })

  it('are nothing to roles that do not append', () => {
    const marks = createProducerMarks(undefined)
    expect(marks.read(recordOf('producer', '5'))).toBe(false)
    expect(marks.due(writerWith(5n))).toEqual([])
  })
})
