import { describe, expect, it } from '@jest/globals'
import { createChangelogTable } from '../../../src/replay/ways/changelog-table.ts'

function bench() {
  let changes = 0
  const table = createChangelogTable<string>({
    topic: 'state',
    keyOf: id => `kind/${id}`,
    encode: value => Buffer.from(value),
    onChange: () => {
      changes++
    },
  })
  const sealed = () => table.seal(3).map(({ key, value }) => [key, value?.toString() ?? null])
  return { table, sealed, changes: () => changes }
}

describe('an entry of a changelog table', () => {
  it('is stored with the transaction in which it changed, once', () => {
    const { table, sealed } = bench()
    table.set('a', 'one')
    table.touch('a')
    expect(sealed()).toEqual([['kind/a', 'one']])
    expect(sealed()).toEqual([])
  })

  it('does not change once it is removed: a later end neither restores it nor fails', () => {
    const { table, sealed, changes } = bench()
    table.set('a', 'one')
    table.end('a')
    const before = changes()
    table.touch('a')
    table.end('a')
    expect(changes()).toBe(before)
    expect(sealed()).toEqual([['kind/a', null]])
    table.touch('a')
    expect(sealed()).toEqual([])
  })

  it('is stored if it is set again before the removal is written', () => {
    const { table, sealed } = bench()
    table.set('a', 'one')
    table.end('a')
    table.set('a', 'two')
    expect(sealed()).toEqual([['kind/a', 'two']])
  })

  it('is not stored again for having been restored', () => {
    const { table, sealed } = bench()
    table.restore('a', 'one')
    expect([table.get('a'), sealed()]).toEqual(['one', []])
    table.restore('a', undefined)
    expect(table.ids()).toEqual([])
  })
})
