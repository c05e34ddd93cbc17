/** The parts of every request: its key, and the encoding of its body. */
import { describe, expect, it } from '@jest/globals'
import { rawCall } from '../../support/raw-http.ts'
import { api, BODY, EMIT, EVENTS, LIST, owner } from './set-up.ts'

export function describeRequests(): void {
  describe('a call whose key is not where it belongs', () => {
    it.each<[string, (key: string) => string[], RegExp]>([
      ['nowhere', () => [], /carries no API key.*Authorization: Bearer <key>/],
      [
        'without Bearer',
        key => [`authorization: ${key}`],
        /does not begin with Bearer: send 'Authorization: Bearer <key>'/,
      ],
      ['with nothing behind Bearer', () => ['authorization: Bearer'], /no key behind Bearer/],
      ['with spaces behind Bearer', () => ['authorization: Bearer   '], /no key behind Bearer/],
      ['with a tab behind Bearer', key => [`authorization: Bearer\t${key}`], /no key behind Bearer and a space/],
      [
        'as basic',
        key => [`authorization: Basic ${Buffer.from(`:${key}`).toString('base64')}`],
        /scheme Basic.*not taken.*Bearer/,
      ],
      ['as a token', key => [`authorization: Token ${key}`], /scheme Token/],
      ['behind another word', key => [`authorization: secret ${key}`], /does not begin with Bearer/],
      ['behind Bearer without a space', key => [`authorization: Bearer${key}`], /does not begin with Bearer/],
      ['in an empty header', () => ['authorization:'], /does not begin with Bearer/],
    ])('learns what to send: %s', async (_, lines, message) => {
      const headers = [...lines(owner.apiKey), 'content-type: application/json']
      for (const [start, body] of [
        [EMIT, BODY],
        [LIST, ''],
      ] as const) {
        const { status, body: answer } = await rawCall(api.base, start, headers, body)
        expect([start, status, answer.error.code]).toEqual([start, 401, 'unauthorized'])
        expect(answer.error.message).toMatch(message)
        expect(JSON.stringify(answer)).not.toContain(owner.apiKey)
      }
    })

    it.each([
      (key: string) => `authorization: Bearer ${key}`,
      (key: string) => `authorization: bearer  ${key} `,
      (key: string) => `AUTHORIZATION: BEARER ${key}`,
      (key: string) => `x-api-key: ${key}`,
    ])('is taken in every way that is one (%#)', async line => {
      expect((await rawCall(api.base, LIST, [line(owner.apiKey)])).status).toBe(200)
    })

    it('logs in to the schema registry with Basic, and is refused there without a key behind the colon', async () => {
      const subjects = 'GET /api/v1/schema-registry/subjects'
      const basic = (text: string) => [`authorization: Basic ${Buffer.from(text).toString('base64')}`]
      expect((await rawCall(api.base, subjects, basic(`any:${owner.apiKey}`))).status).toBe(200)
      const empty = await rawCall(api.base, subjects, basic('any:'))
      expect([empty.status, empty.body.message]).toEqual([401, 'The API key is not known.'])
    })
  })

  describe('a body that is JSON in the wrong encoding', () => {
    const utf16 = (text: string) => Buffer.from(text, 'utf16le')
    it.each<[string, Buffer, RegExp]>([
      [
        'behind a byte order mark',
        Buffer.from(`\ufeff${BODY}`),
        /^The body begins with a byte order mark \(BOM\): send UTF-8 without it\.$/,
      ],
      ['in UTF-16', utf16(`\ufeff${BODY}`), /^The body is in UTF-16 or UTF-32: send UTF-8\.$/],
      ['in UTF-16 without a mark', utf16(BODY), /UTF-16/],
      ['in UTF-16, big end first', utf16(BODY).swap16(), /UTF-16/],
      [
        'in Latin-1',
        Buffer.from('{"name":"a.b","payload":{"a":"\u00e9"}}', 'latin1'),
        /^The body is not UTF-8: send UTF-8\.$/,
      ],
    ])('learns so, wherever it goes: %s', async (_, body, message) => {
      for (const path of [`${EVENTS}/emit`, `${EVENTS}/emit/batch`, EVENTS, '/api/v1/webhooks']) {
        const headers = [`x-api-key: ${owner.apiKey}`, 'content-type: application/json']
        const { status, body: answer } = await rawCall(api.base, `POST ${path}`, headers, body)
        expect([path, status, answer.error.code]).toEqual([path, 400, 'validation_failed'])
        expect(answer.error.message).toMatch(message)
        expect(answer.error.details).toEqual([{ path: '', rule: 'not_json', message: expect.any(String) }])
      }
    })

    it.each<[string[], RegExp]>([
      [
        ['content-type: application/json; charset=utf-16'],
        /content-type must be application\/json in UTF-8, not '.*utf-16': encode the body as UTF-8/,
      ],
      [['content-type: application/json;charset="iso-8859-1"'], /encode the body as UTF-8/],
      [['content-type: text/plain'], /content-type must be application\/json, not 'text\/plain'/],
      [[], /content-type is missing: send application\/json/],
      [
        ['content-type: application/json', 'content-encoding: gzip'],
        /content-encoding must be left out: send the body uncompressed/,
      ],
    ])('learns from its headers %j', async (lines, message) => {
      for (const path of [`${EVENTS}/emit`, EVENTS]) {
        const { status, body } = await rawCall(api.base, `POST ${path}`, [`x-api-key: ${owner.apiKey}`, ...lines], BODY)
        expect([path, status, body.error.code, body.error.message]).toEqual([
          path,
          415,
          'unsupported_media_type',
          expect.stringMatching(message),
        ])
        expect(body.error.details[0].path).toMatch(/^\/headers\/content-/)
      }
    })

    it.each([
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON;charset="UTF-8"',
      'application/json; charset=utf8',
    ])('is none with the content type %s', async type => {
      const headers = [`x-api-key: ${owner.apiKey}`, `content-type: ${type}`, 'prefer: respond-async']
      expect((await rawCall(api.base, EMIT, headers, BODY)).status).toBe(202)
    })
  })
}
