import { describe, expect, it } from '@jest/globals'
import { definitionDiff } from '../../src/workflows/definition-diff.ts'
import type { Action, Definition } from '../../src/workflows/language/definition.ts'

const of = (...actions: Action[]): Definition => ({ language: 1, actions, onError: [] })
const set = (key: string, value: unknown = key): Action => ({ key, type: 'set_variable', with: { value } })
const when = (key: string, then: Action[], otherwise: Action[] = []): Action => ({
  ...{ key, type: 'condition', with: { all: [] } },
  ...{ then, else: otherwise },
})
const brief = (before: Definition, after: Definition) =>
  definitionDiff(before, after).map(({ kind, key, path }) => [kind, key, path])

describe('the changes of a version', () => {
  it('are none for the same definition', () => {
    const definition = of(set('a'), when('b', [set('c')]))
    expect(definitionDiff(definition, structuredClone(definition))).toEqual([])
  })

  it('name what was added, and do not call moved what stands behind it', () => {
    expect(brief(of(set('a'), set('b')), of(set('new'), set('a'), set('b')))).toEqual([['added', 'new', '/actions/0']])
    expect(brief(of(set('a')), of(set('a'), when('b', [set('c')])))).toEqual([
      ['added', 'b', '/actions/1'],
      ['added', 'c', '/actions/1/then/0'],
    ])
  })

  it('name what was removed, by its place in the older one', () => {
    expect(brief(of(set('a'), set('b'), set('c')), of(set('c')))).toEqual([
      ['removed', 'a', '/actions/0'],
      ['removed', 'b', '/actions/1'],
    ])
  })

  it('name each field that differs, with both of its values', () => {
    const before: Action = { key: 'a', type: 'fail', with: { reason: 'x' }, timeoutMs: 1_000 }
    const after: Action = { key: 'a', type: 'fail', with: { reason: 'y' }, disabled: true }
    expect(definitionDiff(of(before), of(after))).toEqual([
      {
        ...{ kind: 'changed', key: 'a', type: 'fail', path: '/actions/0' },
        fields: [
          { path: '/actions/0/with/reason', before: 'x', after: 'y' },
          { path: '/actions/0/disabled', after: true },
          { path: '/actions/0/timeoutMs', before: 1_000 },
        ],
      },
    ])
  })

  it('call an action moved that is in another body or changed places with a neighbour', () => {
    expect(brief(of(set('a'), when('b', [])), of(when('b', [set('a')])))).toEqual([['moved', 'a', '/actions/0/then/0']])
    expect(brief(of(set('a'), set('b')), of(set('b'), set('a'))).map(([kind]) => kind)).toEqual(['moved', 'moved'])
  })

  it('show the values of the cases of a switch, and an action of another type under the same key', () => {
    const choose = (...values: string[]): Action => ({
      ...{ key: 's', type: 'switch', with: { value: '{{$param.a}}' } },
      ...{ cases: values.map(value => ({ value, do: [] })), default: [] },
    })
    const [change] = definitionDiff(of(choose('a')), of(choose('a', 'b')))
    expect(change?.fields).toEqual([{ path: '/actions/0/cases', before: ['a'], after: ['a', 'b'] }])
    const [typed] = definitionDiff(of(set('a')), of({ key: 'a', type: 'stop', with: {} }))
    expect(typed).toMatchObject({ kind: 'changed', type: 'stop' })
  })
})
