import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createSelectorIndex, parseSelector, type Selectable } from '../../src/events/selector.ts'

const event = (type: string, version = '1.0.0', kind: string | null = null): Selectable => ({
  type,
  canonicalName: `TENANT_CUSTOM:org_x:${type}@${version}`,
  kind,
})
const builtIn = (type: string): Selectable => ({ type, canonicalName: `PLATFORM:org_x:${type}@1`, kind: null })
const lifecycle = (type: string): Selectable => ({
  type,
  canonicalName: `PLATFORM_LIFECYCLE:org_x:${type}@1`,
  kind: null,
})

describe('the grammar of selectors', () => {
  it.each([
    '*',
    'lettings.*',
    'lettings.property.favorited',
    'lettings.property.favorited@1.20.3',
    'TENANT_CUSTOM:org_x:lettings.property.favorited@1.0.0',
    'PLATFORM:org_x:order.created@1',
    'PLATFORM_LIFECYCLE:org_x:CUSTOM_EVENT_REGISTERED@1',
    'platformxe.generic',
    'platformxe.generic#user.signed_up',
    'platformxe.generic#a:b@c *',
    'order.created',
    'resource.status_changed',
    'ai.*',
    'CUSTOM_EVENT_REGISTERED',
    'WEBHOOK',
  ])('takes %s', text => expect(parseSelector(text)).toBeDefined())

  it.each([
    '',
    ' ',
    '**',
    '*.created',
    'lettings',
    'Lettings.ab',
    'lettings.property.*',
    'lettings.property@1.0',
    'lettings.property@*',
    'lettings.property@1.0.0@1.0.0',
    'lettings.property#kind',
    'platformxe.generic#',
    `platformxe.generic#${'k'.repeat(121)}`,
    'TENANT_CUSTOM:org_x:lettings.property',
    'TENANT_CUSTOM::lettings.property@1.0.0',
    'TENANT_CUSTOM:org_x:lettings.property@1.0.0:x',
    'OTHER:org_x:lettings.property@1.0.0',
    'PLATFORM:org_x:order.created@1.0.0',
    'PLATFORM_LIFECYCLE:org_x:CUSTOM_EVENT_REGISTERED@2',
    'CUSTOM__EVENT',
    '_EVENT',
    'Custom_Event',
    'lettings.ab\n',
  ])('refuses %j', text => expect(parseSelector(text)).toBeUndefined())
})

describe('the selector index', () => {
  it.each<[string, Selectable, boolean]>([
    ['*', event('lettings.viewing'), true],
    ['*', builtIn('order.created'), true],
    ['*', event('platformxe.generic', '1.0.0', 'k'), true],
    ['*', lifecycle('CUSTOM_EVENT_REGISTERED'), false],
    ['CUSTOM_EVENT_REGISTERED', lifecycle('CUSTOM_EVENT_REGISTERED'), true],
    ['PLATFORM_LIFECYCLE:org_x:CUSTOM_EVENT_REGISTERED@1', lifecycle('CUSTOM_EVENT_REGISTERED'), true],
    ['lettings.*', event('lettings.viewing.booked', '3.1.0'), true],
    ['lettings.*', event('lettings2.viewing'), false],
    ['order.*', builtIn('order.created'), true],
    ['lettings.viewing', event('lettings.viewing', '9.0.0'), true],
    ['lettings.viewing', event('lettings.viewing.booked'), false],
    ['lettings.viewing@1.0.0', event('lettings.viewing'), true],
    ['lettings.viewing@1.0.0', event('lettings.viewing', '1.0.1'), false],
    ['order.created@1.0.0', builtIn('order.created'), false],
    ['TENANT_CUSTOM:org_x:lettings.viewing@1.0.0', event('lettings.viewing'), true],
    ['TENANT_CUSTOM:org_y:lettings.viewing@1.0.0', event('lettings.viewing'), false],
    ['platformxe.generic', event('platformxe.generic', '1.0.0', 'k'), true],
    ['platformxe.generic#k', event('platformxe.generic', '1.0.0', 'k'), true],
    ['platformxe.generic#K', event('platformxe.generic', '1.0.0', 'k'), false],
    ['platformxe.generic#k', event('lettings.viewing', '1.0.0', 'k'), false],
  ])('%s of %o: %s', (selector, selected, expected) => {
    expect(createSelectorIndex([{ selectors: [selector], value: 'hook' }]).match(selected)).toEqual(
      expected ? ['hook'] : [],
    )
  })

  it('answers each value once, in the order of the entries, as a look at every selector would', () => {
    const types = ['aa.xx', 'aa.yy', 'bb.xx.y', 'platformxe.generic']
    const selector = fc.constantFrom(
      '*',
      'aa.*',
      'bb.*',
      ...types,
      ...types.map(t => `${t}@1.0.0`),
      'TENANT_CUSTOM:org_x:aa.xx@1.0.0',
      'platformxe.generic#k',
      'UPPER',
    )
    const matches = (text: string, e: Selectable): boolean => {
      if (e.type === 'UPPER') return text === 'UPPER'
      if (text === '*') return true
      if (text.endsWith('.*')) return e.type.startsWith(text.slice(0, -1))
      if (text.includes('#')) return e.type === 'platformxe.generic' && text.endsWith(`#${e.kind}`)
      return [e.type, e.canonicalName, e.canonicalName.split(':')[2]].includes(text)
    }
    fc.assert(
      fc.property(
        fc.array(fc.array(selector, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
        fc.constantFrom(
          ...types.map(t => event(t, '1.0.0', t === 'platformxe.generic' ? 'k' : null)),
          event('aa.xx', '2.0.0'),
          lifecycle('UPPER'),
        ),
        (lists, e) => {
          const index = createSelectorIndex(lists.map((selectors, value) => ({ selectors, value })))
          const expected = lists.flatMap((selectors, value) =>
            selectors.some(text => matches(text, e)) ? [value] : [],
          )
          expect(index.match(e)).toEqual(expected)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('refuses to be built from an invalid selector', () => {
    expect(() => createSelectorIndex([{ selectors: ['**'], value: 1 }])).toThrow('Not a selector')
  })
})
