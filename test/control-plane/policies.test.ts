import { describe, expect, it } from '@jest/globals'
import { createSystemRandom } from '../../src/clock.ts'
import { freeSlug, SLUG_PATTERN, slugFrom } from '../../src/control-plane/organizations/slugs.ts'
import { presentRetryPolicy, retryDelaysMs } from '../../src/control-plane/webhooks/retry-policy.ts'
import { createSecretBox, generateApiKey, hashApiKey } from '../../src/crypto/secret-box.ts'

const random = createSystemRandom()

describe('secrets', () => {
  it('come back as they were, and never look the same twice', () => {
    const box = createSecretBox({ secretKey: 'a key of the installation', random })
    expect(box.decrypt(box.encrypt('whsec_ünïcode'))).toBe('whsec_ünïcode')
    expect(box.encrypt('same')).not.toBe(box.encrypt('same'))
  })

  it('cannot be read with another key, nor after a change', () => {
    const box = createSecretBox({ secretKey: 'a key of the installation', random })
    const sealed = box.encrypt('secret')
    expect(() => createSecretBox({ secretKey: 'another installation', random }).decrypt(sealed)).toThrow()
    const [version, key, nonce, tag, text] = sealed.split('.') as [string, string, string, string, string]
    const changed = Buffer.from(text, 'base64url')
    changed.writeUInt8(changed.readUInt8(0) ^ 1, 0)
    expect(() => box.decrypt([version, key, nonce, tag, changed.toString('base64url')].join('.'))).toThrow()
    expect(() => box.decrypt('plain')).toThrow()
  })

  it('of API keys say their environment and are found by their hash', () => {
    const { key, hash, hint } = generateApiKey('test', random)
    expect(key).toMatch(/^ck_test_[\w-]{32}$/)
    expect(hash).toBe(hashApiKey(key))
    expect(key.startsWith(hint)).toBe(true)
    expect(hash).not.toContain(key)
  })
})

describe('slugs', () => {
  it.each([
    ['Acme', 'acme'],
    ['Müller & Söhne GmbH', 'muller-sohne-gmbh'],
    ['  --  ', 'org'],
    ['4you', 'org-4you'],
    ['日本', 'org'],
    ['x', 'x-org'],
    ['a name that is longer than any slug may ever be', 'a-name-that-is-longer-than-any'],
  ])('are made of names: %s', (name, slug) => {
    expect(slugFrom(name)).toBe(slug)
    expect(slugFrom(name)).toMatch(new RegExp(SLUG_PATTERN))
  })

  it('get a number when they are taken, within their length', () => {
    const taken = new Set(['acme', 'acme-2', 'a'.repeat(31)])
    expect(freeSlug('acme', each => taken.has(each))).toBe('acme-3')
    expect(freeSlug('a'.repeat(31), each => taken.has(each))).toBe(`${'a'.repeat(29)}-2`)
  })
})

describe('retry policies', () => {
  it('are six attempts unless said', () => {
    expect(retryDelaysMs()).toEqual([0, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000])
    expect(retryDelaysMs({ preset: 'four' })).toHaveLength(4)
    expect(retryDelaysMs({ maxAttempts: 2 })).toEqual([0, 60_000])
  })

  it('may be own delays, in milliseconds or with a unit', () => {
    expect(retryDelaysMs({ delays: [0, '5s', '2m', 7_000, '1h'], maxAttempts: 4 })).toEqual([0, 5_000, 120_000, 7_000])
  })

  it.each([
    [{ preset: 'seven' }, '/retry/preset'],
    [{ preset: 'toString' }, '/retry/preset'],
    [{ delays: [] }, '/retry/delays'],
    [{ delays: [1000] }, '/retry/delays/0'],
    [{ delays: [0, -1] }, '/retry/delays/1'],
    [{ delays: [0, '25h'] }, '/retry/delays/1'],
    [{ delays: [0, 'soon'] }, '/retry/delays/1'],
    [{ delays: Array(9).fill(0) }, '/retry/delays'],
    [{ maxAttempts: 7 }, '/retry/maxAttempts'],
    [{ maxAttempts: 0 }, '/retry/maxAttempts'],
    [{ preset: 'four', delays: [0] }, '/retry'],
  ])('out of bounds are refused with the place: %j', (policy, path) => {
    expect(() => retryDelaysMs(policy as never)).toThrow(
      expect.objectContaining({ code: 'invalid_retry_policy', details: [expect.objectContaining({ path })] }),
    )
  })

  it('are shown with the name of the preset that they are', () => {
    expect(presentRetryPolicy(retryDelaysMs({ preset: 'six' })).preset).toBe('six')
    expect(presentRetryPolicy([0, 5])).toEqual({ preset: null, delays: [0, 5], maxAttempts: 2 })
  })
})
