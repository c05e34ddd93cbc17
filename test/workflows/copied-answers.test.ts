/** What a run that starts at one of its actions takes over from an earlier one. */
import { describe, expect, it } from '@jest/globals'
import { copiedAnswers, type KeptStep } from '../../src/workflows/copied-answers.ts'
import { deployedDefinition } from '../../src/workflows/deployed-definition.ts'
import { keepDefinition } from '../../src/workflows/kept-definition.ts'

const definition = (actions: unknown[]) =>
  deployedDefinition(keepDefinition({ language: 1, actions, onError: [] }, 'canonical'))
const request = (key: string, url = 'https://a.test/') => ({ key, type: 'http_request', with: { url } })
const pure = (key: string) => ({ key, type: 'transform', with: { template: 1 } })
const loop = (...body: unknown[]) => ({ key: 'l', type: 'loop_data', with: { items: [1, 2] }, do: body })
const step = (path: string, more: Partial<KeptStep> = {}): KeptStep => ({
  ...{ path, actionKey: path.split('/').at(-1)!, status: 'succeeded', output: '{"status":200}', ...more },
})

const copied = (actions: unknown[], from: string, steps: KeptStep[], before = actions) =>
  copiedAnswers({ before: definition(before), now: definition(actions), from }, steps)

describe('answers before an action', () => {
  it('are those of every effect before it in the definition, by iteration; nothing behind it and nothing computed', () => {
    const actions = [request('a'), pure('p'), loop(request('b'), request('c')), request('d')]
    const steps = ['a', 'p', 'l[0]/b', 'l[0]/c', 'l[1]/b', 'l', 'd'].map(path => step(path))
    expect(copied(actions, 'c', steps)).toEqual({
      known: { a: '{"status":200}', 'l[0]/b': '{"status":200}', 'l[1]/b': '{"status":200}' },
    })
    expect(copied(actions, 'a', steps)).toEqual({ known: {} })
  })

  it.each([
    ['was cut', { output: '{"a":1…cut' }],
    ['holds a secret', { output: '{"a":"Bearer ***"}' }],
    ['is a failure', { status: 'failed', output: null }],
    ['is too much', { output: JSON.stringify('x'.repeat(4_200_000)) }],
  ])('cannot be taken over when one of them %s', (_what, more) => {
    expect(copied([request('a'), request('b')], 'b', [step('a', more)])).toEqual({ problem: expect.any(String) })
  })

  it('are none for an action that is not there, and cannot be taken over from a version that differs before it', () => {
    const actions = [request('a'), request('b')]
    expect(copied(actions, 'z', [])).toBeUndefined()
    const other = [request('a', 'https://other.test/'), request('b')]
    expect(copied(actions, 'b', [step('a')], other)).toEqual({ problem: expect.stringContaining('both versions') })
    expect(copied(actions, 'b', [step('a')], [request('a'), request('b', 'https://other.test/')])).toHaveProperty(
      'known',
    )
  })
})
