import { describe, expect, it } from '@jest/globals'
import { definitionOf, rulesOf } from './checked.ts'

const set = (key: string, value: unknown = 1, more: object = {}) => ({
  key,
  type: 'set_variable',
  with: { value },
  ...more,
})
const get = (key: string, more: object = {}) => ({ key, type: 'table_get', with: { table: 't' }, ...more })
const use = (key: string, template: string) => ({ key, type: 'transform', with: { template } })
const either = (key: string, yes: unknown[], no: unknown[], more: object = {}) => ({
  key,
  type: 'condition',
  with: { all: [{ path: '$body.a', operator: 'exists' }] },
  // biome-ignore lint/suspicious/noThenProperty: the language's own field
  then: yes,
  else: no,
  ...more,
})
const loop = (key: string, body: unknown[], concurrency = 1) => ({
  key,
  type: 'loop_data',
  with: { items: [1, 2], concurrency },
  do: body,
})
const stop = (key: string) => ({ key, type: 'stop', with: {} })
const rules = (...actions: unknown[]): string[] => rulesOf(definitionOf(actions))
const USE = '/with/template'

describe('a reference', () => {
  it('comes after what it refers to', () => {
    expect(rules(get('a'), use('b', "{{$action['a'].row}}"))).toEqual([])
    expect(rules(use('b', "{{$action['a'].row}}"), get('a'))).toEqual([`/actions/0${USE} reference_not_before`])
    expect(rules(use('b', "{{$action['b'].row}}"))).toEqual([`/actions/0${USE} reference_not_before`])
    expect(rules(use('b', "{{$action['x'].row}}"))).toEqual([`/actions/0${USE} unknown_reference`])
    expect(rules(get('a'), use('b', "{{$var['a']}}"))).toEqual([`/actions/1${USE} unknown_reference`])
    expect(rules(get('a', { disabled: true }), use('b', "{{$action['a'].row}}"))).toEqual([
      `/actions/1${USE} reference_not_before`,
    ])
  })

  it('behind a condition needs what runs on both branches, a default or optional', () => {
    const behind = (template: string, more: object = {}) => rules(either('c', [get('a', more)], []), use('b', template))
    expect(behind("{{$action['c'].result}}")).toEqual([])
    expect(behind("{{$action['a'].row}}")).toEqual([`/actions/1${USE} reference_not_on_every_path`])
    expect(behind("{{$action['a'].row | default: 1}}")).toEqual([])
    expect(behind("{{$action['a'].row}}", { optional: true })).toEqual([])
    expect(rules(either('c', [get('a')], [stop('s')]), use('b', "{{$action['a'].row}}"))).toEqual([])
    expect(rules(either('c', [get('a')], [use('b', "{{$action['a'].row}}")]))).toEqual([
      `/actions/0/else/0${USE} reference_not_before`,
    ])
  })

  it('behind an error that was caught finds the action, not what was in its body', () => {
    expect(rules(get('a', { onError: 'continue' }), use('b', "{{$action['a'].error.code}}"))).toEqual([])
    const caught = either('c', [get('a'), get('d')], [stop('s')], { onError: 'continue' })
    expect(rules(caught, use('b', "{{$action['c'].error}}"), use('e', "{{$action['a'].row}}"))).toEqual([
      `/actions/2${USE} reference_not_on_every_path`,
    ])
    const branch = { branch: [use('b', "{{$action['a'].error.code}}"), set('v')] }
    expect(rules(get('a', { onError: branch }), use('u', "{{$var['v'] | default: 0}}"))).toEqual([])
    expect(rules(get('a', { onError: branch }), use('u', "{{$var['v']}}"))).toEqual([
      `/actions/1${USE} reference_not_on_every_path`,
    ])
  })

  it('sees the turn of a loop in its body alone, and the outputs of the body never behind it', () => {
    expect(rules(loop('l', [use('b', "{{$action['l'].item}}"), get('a'), use('d', "{{$action['a'].row}}")]))).toEqual(
      [],
    )
    expect(rules(loop('l', [get('a')]), use('b', "{{$action['l'].outputs[0]['a'].row}}"))).toEqual([])
    expect(rules(loop('l', [get('a')]), use('b', "{{$action['a'].row | default: 1}}"))).toEqual([
      `/actions/1${USE} reference_not_before`,
    ])
  })

  it('may find the variable of an iteration before, unless they run together', () => {
    expect(
      rules(loop('l', [use('b', "{{$var['v'] | default: 0}}"), set('v')]), use('d', "{{$var['v'] | default: 0}}")),
    ).toEqual([])
    expect(rules(loop('l', [use('b', "{{$var['v']}}"), set('v')]))).toEqual([
      `/actions/0/do/0${USE} reference_not_on_every_path`,
    ])
    expect(rules(loop('l', [use('b', "{{$var['v'] | default: 0}}"), set('v')], 2))).toEqual([
      `/actions/0/do/0${USE} reference_not_before`,
    ])
    expect(rules(loop('l', [set('v')], 2), use('b', "{{$var['v'] | default: 0}}"))).toEqual([
      `/actions/1${USE} reference_not_before`,
    ])
  })

  it('in a condition may ask whether the value exists', () => {
    const asks = (operator: string) => ({
      ...either('d', [], []),
      with: { all: [{ path: "$action['a'].row", operator, ...(operator === 'exists' ? {} : { value: 1 }) }] },
    })
    expect(rules(either('c', [get('a')], []), asks('exists'))).toEqual([])
    expect(rules(either('c', [get('a')], []), asks('equals'))).toEqual([
      '/actions/1/with/all/0/path reference_not_on_every_path',
    ])
  })

  it('in a compact condition is reported at the condition', () => {
    const compact = { ...either('c', [], []), with: { "$action['x'].row": { gte: 1 } } }
    expect(rules(compact)).toEqual(['/actions/0/with unknown_reference'])
  })

  it('in the branch after an error may find nothing, since the error may come first', () => {
    const text = (template: string) => definitionOf([get('a')], { onError: [use('b', template)] })
    expect(rulesOf(text("{{$action['a'].row}}"))).toEqual([`/onError/0${USE} reference_not_on_every_path`])
    expect(rulesOf(text("{{$action['a'].row | default: {}}}"))).toEqual([])
    expect(rulesOf(text('{{$run.error.code}}'))).toEqual([])
  })

  it('behind the end of a run is not looked at, and the end is a warning', () => {
    expect(rules(stop('s'), use('b', "{{$action['s']}}"))).toEqual(['/actions/1 unreachable'])
  })
})
