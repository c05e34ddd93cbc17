/** Commands that are no operation. */
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { exampleOf } from '../../../../sdks/typescript/src/cli/example-of.ts'
import { placeOf } from '../../../../sdks/typescript/src/cli/profiles.ts'
import { signatureHeaders } from '../../../../sdks/typescript/src/webhooks/index.ts'
import { runHere } from '../../support/command.ts'
import { asked, caller, env, home, ok, server } from './set-up.ts'

export function describeSingle(): void {
  describe('login', () => {
    it('keeps a key that works in a file that only its owner reads, and whoami says where it is from', async () => {
      server.answerWith(() => ok(caller))
      const { code } = await runHere({ HOME: home }, ['login', '--url', server.url], 'ck_test_kept\n')
      const file = join(home, '.config', 'clarion', 'config.json')
      expect([code, statSync(file).mode & 0o777]).toEqual([0, 0o600])
      expect(JSON.parse(readFileSync(file, 'utf8')).profiles.default).toEqual({ url: server.url, key: 'ck_test_kept' })
      const { json } = await runHere({ HOME: home }, ['whoami', '--json'])
      expect([json.urlFrom, json.keyFrom]).toEqual(['profile default', 'profile default'])
      chmodSync(file, 0o644)
      await runHere({ HOME: home }, ['login', '--url', server.url, '--profile', 'other', '--key', 'ck_test_other'])
      expect(statSync(file).mode & 0o777).toBe(0o600)
      await runHere({ HOME: home }, ['whoami', '--profile', 'other'])
      expect(server.requests.at(-1)!.headers.authorization).toBe('Bearer ck_test_other')
    })

    it('keeps no key that is refused', async () => {
      const error = { code: 'unauthorized', message: 'm', requestId: 'r', retryable: false }
      server.answerWith(() => ({ status: 401, headers: {}, body: JSON.stringify({ success: false, error }) }))
      const { code } = await runHere({ HOME: home }, ['login', '--url', server.url, '--key', 'ck_test_wrong'])
      expect(code).toBe(1)
      expect(() => statSync(join(home, '.config'))).toThrow('ENOENT')
    })

    const given = { url: undefined, key: undefined, profile: undefined }
    it('is after options and the environment, and a profile that is named before the environment', async () => {
      const folder = join(home, 'project')
      mkdirSync(folder)
      mkdirSync(join(home, '.config', 'clarion'), { recursive: true })
      const profiles = { default: { url: 'http://d', key: 'kd' }, test: { url: 'http://t', key: 'kt' } }
      writeFileSync(join(home, '.config', 'clarion', 'config.json'), JSON.stringify({ current: 'default', profiles }))
      const place = async (more: Record<string, string>, of: Partial<typeof given> | Record<string, string> = {}) => {
        const { url, key } = await placeOf({ HOME: home, ...more }, { ...given, ...of } as typeof given, folder)
        return [url, key]
      }
      expect(await place({})).toEqual(['http://d', 'kd'])
      expect(await place({ CLARION_URL: 'http://e', CLARION_API_KEY: 'ke' })).toEqual(['http://e', 'ke'])
      expect(await place({ CLARION_API_KEY: 'ke' }, { profile: 'test' })).toEqual(['http://t', 'kt'])
      expect(await place({ CLARION_PROFILE: 'test' }, { key: 'ko' })).toEqual(['http://t', 'ko'])
      writeFileSync(join(folder, '.clarion.json'), '{"profile":"test","url":"http://f"}')
      expect(await place({})).toEqual(['http://f', 'kt'])
      await expect(place({}, { profile: 'nobody' })).rejects.toThrow("there is no profile 'nobody'")
      writeFileSync(join(folder, '.clarion.json'), '{"key":"ck_live_x"}')
      await expect(place({})).rejects.toThrow('a file of a project is committed')
    })
  })

  describe('trigger', () => {
    it('emits the example of the newest version, with changes', async () => {
      const of = (version: string, createdAt: string, more: object) => ({
        id: version,
        version,
        createdAt,
        status: 'published',
        ...more,
      })
      server.answerWith(({ method }) =>
        method === 'GET'
          ? ok(
              [
                of('1.0.0', '2026-01-01', {}),
                of('2.0.0', '2026-02-01', { payloadExample: { total: 1, customer: {} } }),
              ],
              { nextCursor: null },
            )
          : ok({ emitId: 'cee_1' }),
      )
      const { code } = await runHere(env, ['trigger', 'shop.order', '--set', 'total=5,customer.name=Ada'])
      const sent = JSON.parse(server.requests.at(-1)!.body.toString())
      expect([code, sent.payload]).toEqual([0, { total: 5, customer: { name: 'Ada' } }])
    })

    it('makes one from the schema', () => {
      const schema = {
        type: 'object',
        properties: {
          id: { type: 'string', minLength: 10 },
          at: { type: 'string', format: 'date-time' },
          n: { type: 'integer', minimum: 3 },
          kind: { enum: ['a', 'b'] },
          items: { type: 'array', items: { type: 'object', properties: { ok: { type: 'boolean' } } } },
        },
      }
      expect(exampleOf(schema)).toEqual({
        ...{ id: 'examplexxx', at: '2026-01-01T00:00:00Z', n: 3, kind: 'a' },
        items: [{ ok: true }],
      })
    })
  })

  describe('verify', () => {
    const judge = async (body: string, secret: string, timestampS = Math.floor(Date.now() / 1_000)) => {
      const headers = signatureHeaders('{"a":1}', {
        secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
        id: 'd',
        timestampS,
      })
      const file = join(home, 'headers.txt')
      writeFileSync(
        file,
        Object.entries(headers)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\r\n'),
      )
      return runHere(
        { HOME: home },
        ['verify', '--secret', secret, '--header-file', file, '--profile', 'standard'],
        body,
      )
    }

    it('says whether a request is genuine, and why not, but never the secret', async () => {
      const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
      expect(await judge('{"a":1}', secret)).toMatchObject({ code: 0, stdout: expect.stringContaining('true') })
      const changed = await judge('{"a": 1}', secret)
      expect(changed).toMatchObject({ code: 1, stdout: expect.stringContaining('other_secret_or_body') })
      expect(await judge('{"a":1}', secret, 1_000)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('too_old'),
      })
      expect(changed.stdout + changed.stderr).not.toContain('MfKQ9')
    })
  })

  describe('plan and apply', () => {
    it('show and do what files say, and do nothing if one of them would be refused', async () => {
      const folder = join(home, 'events')
      mkdirSync(folder)
      writeFileSync(
        join(folder, 'a.json'),
        JSON.stringify({ namespace: 'shop', name: 'order', version: '1.0.0', payloadSchema: {} }),
      )
      writeFileSync(join(folder, 'b.json'), JSON.stringify({ name: 'audit', url: 'https://a.example/', events: ['*'] }))
      let valid = true
      server.answerWith(({ method, path }) => {
        if (path.endsWith('/dry-run'))
          return ok({
            valid,
            semverBump: 'initial',
            schemaHash: 'h',
            findings: [{ code: 'invalid_name', message: 'm' }],
          })
        return method === 'GET' ? ok([], { nextCursor: null }) : ok({ id: 'x' })
      })
      const made = () => asked().filter(([method, path]) => method === 'POST' && !path!.endsWith('/dry-run'))
      const planned = await runHere(env, ['plan', folder])
      expect([planned.code, planned.stdout.match(/register|create/g), made()]).toEqual([0, ['register', 'create'], []])
      expect((await runHere(env, ['apply', folder])).code).toBe(0)
      expect(made().map(([, path]) => path)).toEqual(['/api/v1/events/custom', '/api/v1/webhooks'])
      valid = false
      const refused = await runHere(env, ['apply', folder])
      expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('invalid_name')])
      expect(made()).toHaveLength(2)
    })
  })

  describe('doctor', () => {
    it('finds nothing wrong where nothing is', async () => {
      server.answerWith(({ path }) =>
        path === '/openapi.json'
          ? {
              status: 200,
              headers: { date: new Date().toUTCString() },
              body: '{"info":{"title":"Clarion","version":"0.1.0"}}',
            }
          : ok(caller),
      )
      const { code, stdout } = await runHere(env, ['doctor'])
      expect([code, stdout]).toEqual([0, expect.stringContaining('Northwind is active')])
      expect(stdout).not.toContain('bad')
    })

    it('names an address where something else answers, and a clock that is wrong', async () => {
      server.answerWith(({ path }) =>
        path === '/openapi.json' ? { status: 200, headers: {}, body: '{}' } : ok(caller),
      )
      expect(await runHere(env, ['doctor'])).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('something else answers'),
      })
      const { url } = server
      await server.close()
      const away = await runHere({ HOME: home, CLARION_URL: url }, ['doctor'])
      expect([away.code, away.stdout]).toEqual([1, expect.stringContaining('ECONNREFUSED')])
    })
  })

  it.each(['bash', 'zsh', 'fish'])('completion %s names commands', async shell => {
    const { code, stdout } = await runHere({}, ['completion', shell])
    expect([code, stdout]).toEqual([0, expect.stringContaining('webhooks')])
  })
}
