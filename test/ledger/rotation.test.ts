import { expect, it } from '@jest/globals'
import { createRotation } from '../../src/ledger/rotation.ts'

const keys = (count: number) => Array.from({ length: count }, (_, at) => `k${String(at).padStart(3, '0')}`)

it('takes all while they are few', () => {
  expect(createRotation(5, 0.5).next(keys(5), new Set(['k001']))).toEqual(['k001', 'k000', 'k002', 'k003', 'k004'])
})

it('gives each key its turn, a part at a time, from where it starts', () => {
  const rotation = createRotation(4, 0.5)
  const turns = [1, 2, 3].map(() => rotation.next(keys(10), new Set()))
  expect(turns).toEqual([
    ['k005', 'k006', 'k007', 'k008'],
    ['k009', 'k000', 'k001', 'k002'],
    ['k003', 'k004', 'k005', 'k006'],
  ])
})

it('goes on behind a key that is gone, and has those that matter each time', () => {
  const rotation = createRotation(2, 0)
  expect(rotation.next(keys(6), new Set(['k005']))).toEqual(['k005', 'k000', 'k001'])
  expect(rotation.next(['k001', 'k002', 'k003', 'k005'], new Set(['k005']))).toEqual(['k005', 'k002', 'k003'])
  expect(rotation.next(['k001', 'k002', 'k004', 'k005'], new Set(['k005']))).toEqual(['k005', 'k004', 'k001'])
})

it('bounds those that matter too', () => {
  const rotation = createRotation(2, 0)
  const all = keys(5)
  const seen = [1, 2, 3].flatMap(() => rotation.next(all, new Set(all)))
  expect([seen.length, new Set(seen)]).toEqual([6, new Set(all)])
})
