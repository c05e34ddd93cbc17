import { describe, expect, it } from '@jest/globals'
import { createChangelogTable } from '../../../processors/deliver/state/changelog-table.ts'

function bench() {
  let changes = 0
  const table = createChangelogTable<string>({
    keyOf: id => `kind/${id}`,
    encode: value => Buffer.from(value),
    onChange: () => {
      changes++
    },
  })
  const sealed = () => table.seal(3).map(({ key, value }) => [key, value?.toString() ?? null])
  return { table, sealed, changes: () => changes }
}

describe('what stands in a state topic', () => {
  it('is stored with the transaction in which it changed, once', () => {
    const { table, sealed } = bench()
    table.set('a', 'one')
    table.touch('a')
    expect(sealed()).toEqual([['kind/a', 'one']])
    expect(sealed()).toEqual([])
  })

  it('is past changing when it is over: what ends later brings nothing back and stops nothing', () => {
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

  it('stands again if it begins anew before it is stored', () => {
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
