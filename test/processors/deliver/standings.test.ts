import { describe, expect, it } from '@jest/globals'
import { createStandings } from '../../../processors/deliver/state/changelog-table.ts'

function bench() {
  let changes = 0
  const standings = createStandings<string>({
    keyOf: id => `kind/${id}`,
    encode: value => Buffer.from(value),
    onChange: () => {
      changes++
    },
  })
  const sealed = () => standings.seal(3).map(({ key, value }) => [key, value?.toString() ?? null])
  return { standings, sealed, changes: () => changes }
}

describe('what stands in a state topic', () => {
  it('is stored with the transaction in which it changed, once', () => {
    const { standings, sealed } = bench()
    standings.set('a', 'one')
    standings.touch('a')
    expect(sealed()).toEqual([['kind/a', 'one']])
    expect(sealed()).toEqual([])
  })

  it('is past changing when it is over: what ends later brings nothing back and stops nothing', () => {
    const { standings, sealed, changes } = bench()
    standings.set('a', 'one')
    standings.end('a')
    const before = changes()
    standings.touch('a')
    standings.end('a')
    expect(changes()).toBe(before)
    expect(sealed()).toEqual([['kind/a', null]])
    standings.touch('a')
    expect(sealed()).toEqual([])
  })

  it('stands again if it begins anew before it is stored', () => {
    const { standings, sealed } = bench()
    standings.set('a', 'one')
    standings.end('a')
    standings.set('a', 'two')
    expect(sealed()).toEqual([['kind/a', 'two']])
  })

  it('is not stored again for having been restored', () => {
    const { standings, sealed } = bench()
    standings.restore('a', 'one')
    expect([standings.get('a'), sealed()]).toEqual(['one', []])
    standings.restore('a', undefined)
    expect(standings.ids()).toEqual([])
  })
})
