import { describe, expect, it } from '@jest/globals'
import { createChainTokens, pathThrough, TOKEN_CHARACTERS_MAX } from '../../src/events/chain.ts'

const tokens = createChainTokens('a secret of sixteen characters')
const link = { rootEventId: 'evt_root', depth: 7, eventId: 'evt_this', organizationId: 'org_x', path: ['wh_a', 'wf_b'] }

describe('chain tokens', () => {
  it('give back the signed position, also for an event that is its own root', () => {
    expect(tokens.verify(tokens.sign(link))).toEqual(link)
    const own = { ...link, rootEventId: 'evt_this', depth: 0, path: [] }
    expect(tokens.verify(tokens.sign(own))).toEqual(own)
  })

  it('fit a header and a body field with a path of fifty ids', () => {
    const id = (prefix: string, length: number) => prefix + 'x'.repeat(length)
    const longest = {
      rootEventId: id('evt_', 32),
      depth: 50,
      eventId: id('evt_', 32),
      organizationId: id('org_', 26),
      path: [] as string[],
    }
    for (let n = 0; n < 99; n++) longest.path = pathThrough(longest.path, id('cefm_', 26))
    expect(longest.path).toHaveLength(50)
    expect(tokens.sign({ ...longest, rootEventId: `${id('evt_', 31)}y` }).length).toBeLessThanOrEqual(
      TOKEN_CHARACTERS_MAX,
    )
  })

  it('count for nothing with any one character changed, cut or added, or signed with another key', () => {
    const token = tokens.sign(link)
    for (let i = 0; i < token.length; i++) {
      const other = token.charAt(i) === '0' ? '1' : '0'
      expect(tokens.verify(token.slice(0, i) + other + token.slice(i + 1))).toBeUndefined()
      expect(tokens.verify(token.slice(0, i))).toBeUndefined()
    }
    expect(tokens.verify(`${token}x`)).toBeUndefined()
    expect(tokens.verify(createChainTokens('another secret of characters').sign(link))).toBeUndefined()
  })

  it.each(['', '.', '......', 'c2.0.....', 'é'.repeat(30), 'c'.repeat(100_000), '\u0000'])(
    'never throw on %j',
    text => {
      expect(tokens.verify(text)).toBeUndefined()
    },
  )
})
