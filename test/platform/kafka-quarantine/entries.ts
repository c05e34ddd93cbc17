/** The quarantine as its owner sees it: listed, read, and emitted again. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { type Credential, credentialOf } from '../../support/kafka-clients.ts'
import type { TestOrganization } from '../../support/platform.ts'
import { until } from '../../support/until.ts'
import { type Entry, GENERIC, type Kept, listed, platform, produce, QUARANTINE } from './set-up.ts'

export function describeEntries(): void {
  describe('the quarantine', () => {
    let organization: TestOrganization
    let credential: Credential
    let entries: Entry[]
    beforeAll(async () => {
      organization = await platform.organization()
      credential = await credentialOf(organization, 'produce')
      await produce(credential, [
        { value: '{"kind":', headers: GENERIC },
        { value: Buffer.from([0xff, 0x01]), headers: { ...GENERIC, bin: Buffer.from([0xfe]) }, key: 'k' },
        { value: '{}', headers: { name: 'aa.bb' } },
        { value: '{"kind":1}', headers: { ...GENERIC, 'ce-subject': 's', 'correlation-id': 'c' } },
        { value: '{"kind":"fine"}', headers: GENERIC },
        { value: null, headers: GENERIC },
      ])
      entries = await until(() => listed(organization), found => found.length >= 5) // biome-ignore format: one thought
    })

    it('lists every refused record with its code and place, newest first, by code and time', async () => {
      expect(entries.map(({ code, offset, name }) => [offset, code, name])).toEqual([
        [5, 'payload_invalid', 'platformxe.generic'],
        [3, 'payload_invalid', 'platformxe.generic'],
        [2, 'event_not_registered', 'aa.bb'],
        [1, 'payload_invalid', 'platformxe.generic'],
        [0, 'payload_invalid', 'platformxe.generic'],
      ])
      expect(await listed(organization, '&code=event_not_registered')).toHaveLength(1)
      expect(await listed(organization, '&to=2020-01-01T00:00:00Z')).toEqual([])
      expect(await listed(organization, '&from=2020-01-01T00:00:00Z')).toHaveLength(5)
      const first = await organization.call<Entry[]>('GET', `${QUARANTINE}?limit=3`)
      const { nextCursor } = (first.body as { meta: { nextCursor: string } }).meta
      expect(
        (await organization.call<Entry[]>('GET', `${QUARANTINE}?limit=3&cursor=${nextCursor}`)).data.map(
          ({ offset }) => offset,
        ),
      ).toEqual([1, 0])
    })

    it('gives a key without events:payload none of what the record holds', async () => {
      const made = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
        ...{ name: 'blind', environment: 'live', scopes: ['events:read'] },
      })
      const { id } = entries.find(({ offset }) => offset === 1)!
      const { data } = await platform.call(made.data.apiKey, 'GET', `${QUARANTINE}/${id}`)
      expect(data).toMatchObject({ id, code: 'payload_invalid', payloadBytes: 2, withheld: true })
      for (const field of ['payload', 'key', 'headers', 'base64Headers']) expect(data).not.toHaveProperty(field)
    })
    it('gives each back as it came, bytes that are no text as base64', async () => {
      const kept = async (offset: number) =>
        (await organization.call<Kept>('GET', `${QUARANTINE}/${entries.find(each => each.offset === offset)!.id}`)).data
      expect(await kept(0)).toMatchObject({
        payload: '{"kind":',
        payloadEncoding: 'utf8',
        headers: GENERIC,
        partition: 0,
        findings: [{ rule: 'not_json' }],
      })
      expect(await kept(1)).toMatchObject({
        payload: '/wE=',
        payloadEncoding: 'base64',
        key: 'k',
        headers: { bin: '/g==' },
        base64Headers: ['bin'],
      })
      expect(await kept(5)).toMatchObject({
        payload: null,
        payloadEncoding: null,
        findings: [{ path: '/value', rule: 'required' }],
      })
    })

    it('shows nothing to others, and nothing that was never refused', async () => {
      const stranger = await platform.organization()
      expect(await listed(stranger)).toEqual([])
      for (const id of [entries[0]!.id, 'cee_nothing'])
        expect((await stranger.call('GET', `${QUARANTINE}/${id}`)).code).toBe('not_found')
      expect((await stranger.call('POST', `${QUARANTINE}/${entries[0]!.id}/redrive`, {})).code).toBe('not_found')
      const accepted = await organization.call<{ emitId: string }>('POST', '/api/v1/events/custom/emit', {
        ...GENERIC,
        payload: { kind: 'http' },
      })
      expect((await organization.call('GET', `${QUARANTINE}/${accepted.data.emitId}`)).code).toBe('not_found')
    })

    it('lets a record be emitted again once, repaired, linked to the original, and answers as an emit does', async () => {
      const { id } = entries.find(each => each.offset === 3)!
      const redrive = (body?: unknown) =>
        organization.call<{ emitId: string; eventId: string; deduplicated: boolean }>(
          'POST',
          `${QUARANTINE}/${id}/redrive`,
          body,
        )
      const asItIs = await redrive()
      expect([asItIs.status, asItIs.code]).toEqual([400, 'payload_invalid'])
      const repaired = await redrive('{"payload": {"kind":"repaired","data":{"big":12345678901234567890.10}}}')
      expect([repaired.status, repaired.data.deduplicated]).toEqual([202, false])
      expect(await redrive('{"payload": {"kind":"repaired","data":{"big":12345678901234567890.10}}}')).toMatchObject({
        data: { emitId: repaired.data.emitId, deduplicated: true },
      })
      expect((await redrive({ payload: { kind: 'another' } })).code).toBe('idempotency_key_conflict')
      expect((await redrive({ payloads: {} })).code).toBe('validation_failed')
      const history = () => organization.call<{ emit: object }>('GET', `/api/v1/events/${repaired.data.eventId}`)
      const { data, body } = await until(history, ({ status }) => status === 200) // biome-ignore format: one thought
      expect(data.emit).toMatchObject({ causationId: id, subject: 's', correlationId: 'c', channel: 'http' })
      expect(JSON.stringify(body)).toContain('repaired')
      expect(await listed(organization)).toHaveLength(5)
    })
  })
}
