/** Verdicts on records: those of HTTP, also for the schema serializers of others. */
import { describe, expect, it } from '@jest/globals'
import confluent from '@kafkajs/confluent-schema-registry'
import { credentialOf } from '../../support/kafka-clients.ts'
import { until } from '../../support/until.ts'
import { listed, platform, produce } from './set-up.ts'

export function describeVerdicts(): void {
  describe('verdicts', () => {
    it('are those of HTTP, code by code', async () => {
      const organization = await platform.organization()
      const credential = await credentialOf(organization, 'produce')
      const register = (name: string, status: string) =>
        organization.call('POST', '/api/v1/events/custom', {
          namespace: organization.slug,
          name,
          version: '1.0.0',
          status,
          payloadSchema: { type: 'object', required: ['a'] },
        })
      await register('order.made', 'published')
      await register('order.drafted', 'draft')
      const [made, drafted] = ['order.made', 'order.drafted'].map(name => `${organization.slug}.${name}`) as [
        string,
        string,
      ]
      const cases: Array<[string, string, string?]> = [
        [made, '{"a":1}'],
        [made, '{"b":1}'],
        [made, '{"a":1}', '1.0.1'],
        [made, '[]'],
        [made, `{"a":${'['.repeat(40)}${']'.repeat(40)}}`],
        [made, `{"a":"${'x'.repeat(262_144)}"}`],
        [drafted, '{"a":1}'],
        ['order.created', '{}'],
        ['No.Name', '{}'],
        ['none', '{}'],
      ]
      const overHttp: Array<string | undefined> = []
      for (const [name, payload, version] of cases) {
        const rest = version === undefined ? '' : `,"version":"${version}"`
        overHttp.push(
          (
            await organization.call(
              'POST',
              '/api/v1/events/custom/emit',
              `{"name":"${name}","payload":${payload}${rest}}`,
            )
          ).code,
        )
      }
      await produce(credential, cases.map(([name, value, version]) => ({ value, headers: { name, ...(version ? { version } : {}) } }))) // biome-ignore format: one thought
      const refused = overHttp.filter(code => code !== undefined).length
      const entries = await until(() => listed(organization), found => found.length >= refused) // biome-ignore format: one thought
      const first = Math.min(...entries.map(({ offset }) => offset)) - overHttp.findIndex(code => code !== undefined)
      expect(cases.map((_, at) => entries.find(({ offset }) => offset === first + at)?.code)).toEqual(overHttp)
    })
  })

  describe('a schema serializer of others', () => {
    it('works against the façade unchanged, and its framed values are accepted with their version', async () => {
      const organization = await platform.organization()
      const credential = await credentialOf(organization, 'produce')
      const subject = `${organization.slug}.order.made`
      const schemaOf = (more: object) => ({
        type: 'object',
        properties: { id: { type: 'string' }, ...more },
        required: ['id'],
        additionalProperties: false,
      })
      for (const [version, more] of [['1.0.0', {}], ['1.1.0', { note: { type: 'string' } }]] as const) // biome-ignore format: one thought
        await organization.call('POST', '/api/v1/events/custom', {
          namespace: organization.slug,
          name: 'order.made',
          version,
          status: 'published',
          payloadSchema: schemaOf(more),
        })
      const registry = new confluent.SchemaRegistry({
        host: `${platform.base}/api/v1/schema-registry`,
        auth: { username: 'any', password: organization.apiKey },
      })
      const latest = await registry.getLatestSchemaId(subject)
      const oldest = await registry.getRegistryId(subject, 1)
      await expect(registry.encode(latest, { note: 'no id' })).rejects.toThrow()
      expect(await registry.decode(await registry.encode(latest, { id: 'a' }))).toEqual({ id: 'a' })
      await produce(credential, [
        { value: await registry.encode(latest, { id: 'a', note: 'n' }) },
        { value: await registry.encode(oldest, { id: 'b' }) },
      ])
      const emits = () =>
        organization.call<Array<{ schemaVersion: string; status: string }>>('GET', '/api/v1/events/custom/emits')
      const { data } = await until(emits, found => found.data.length >= 2) // biome-ignore format: one thought
      expect(data.map(({ schemaVersion, status }) => [schemaVersion, status])).toEqual([
        ['1.0.0', 'DELIVERED'],
        ['1.1.0', 'DELIVERED'],
      ])
    })

    it('has the findings of the registry', async () => {
      const organization = await platform.organization()
      const ask = async (method: string, path: string, body?: object, key = organization.apiKey) => {
        const answer = await fetch(`${platform.base}/api/v1/schema-registry${path}`, {
          method,
          headers: {
            authorization: `Basic ${Buffer.from(`x:${key}`).toString('base64')}`,
            'content-type': 'application/vnd.schemaregistry.v1+json',
          },
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
        return [answer.status, ((await answer.json()) as { error_code?: number }).error_code]
      }
      const json = (schema: string) => ({ schema, schemaType: 'JSON' })
      expect(await ask('GET', '/subjects')).toEqual([200, undefined])
      expect(await ask('GET', '/subjects', undefined, 'wrong')).toEqual([401, 40101])
      expect(await ask('GET', '/subjects/no.such/versions')).toEqual([404, 40401])
      expect(await ask('GET', '/subjects/platformxe.generic/versions/7')).toEqual([404, 40402])
      expect(await ask('GET', '/subjects/platformxe.generic/versions/newest')).toEqual([422, 42202])
      expect(await ask('GET', '/schemas/ids/1')).toEqual([404, 40403])
      expect(await ask('POST', '/subjects/platformxe.generic', json('{"type":"object"}'))).toEqual([404, 40403])
      expect(await ask('POST', '/subjects/platformxe.generic/versions', json('{"type":"object"}'))).toEqual([
        422, 42205,
      ])
      expect(await ask('POST', '/compatibility/subjects/platformxe.generic/versions/latest', json('{"type":'))).toEqual(
        [422, 42201],
      )
      expect(
        await ask('POST', '/compatibility/subjects/platformxe.generic/versions/latest', { schema: '"string"' }),
      ).toEqual([422, 42201])
      const inexact = json('{"type":"object","properties":{"n":{"const":9007199254740993}}}')
      expect(await ask('POST', '/compatibility/subjects/platformxe.generic/versions/latest', inexact)).toEqual([
        422, 42201,
      ])
      expect(await ask('POST', '/subjects/platformxe.generic', inexact)).toEqual([404, 40403])
    })
  })
}
