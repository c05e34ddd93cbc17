/** An event that is shared: what is not passed on, what comes once, and in which order and namespace. */
import { expect, it } from '@jest/globals'
import { readLog } from '../../support/ledger.ts'
import {
  BASE,
  createGroup,
  declare,
  emit,
  federation,
  join,
  logOf,
  must,
  platform,
  register,
  relaysOf,
  until,
} from './set-up.ts'

export function limits(): void {
  it('is only the pushed version, only while it is pushed, and never of the test environment', async () => {
    const { owner, group, push, peers, name } = await federation(1)
    const peer = peers[0]!
    const next = {
      namespace: owner.slug,
      name: 'order.made',
      version: '1.1.0',
      payloadSchema: { type: 'object' },
      status: 'published',
    }
    await must(owner.call('POST', '/api/v1/events/custom', next))
    await must(emit(owner, name, { n: 'newer version' }))
    const key = await must(
      owner.call<{ apiKey: string }>('POST', '/api/v1/keys', {
        name: 't',
        environment: 'test',
        scopes: ['events:emit'],
      }),
    )
    await must(
      platform.call(key.apiKey, 'POST', '/api/v1/events/custom/emit', {
        name,
        version: '1.0.0',
        payload: { n: 'test' },
      }),
    )
    await must(emit(owner, name, { n: 'pushed' }, { version: '1.0.0' }))
    await logOf(peer, 1)
    await must(owner.call('DELETE', `${BASE}/pushes/${push.id}`))
    await must(emit(owner, name, { n: 'undeclared' }, { version: '1.0.0' }))
    // One more that is shared again comes after it, so what did not come before it does not come.
    const registration = (
      await must(owner.call<Array<{ id: string; version: string }>>('GET', '/api/v1/events/custom'))
    ).find(each => each.version === '1.0.0')
    await declare(owner, group, registration!.id)
    await must(emit(owner, name, { n: 'again' }, { version: '1.0.0' }))
    expect((await logOf(peer, 2)).map(record => JSON.parse(record.value!.toString()).n)).toEqual(['pushed', 'again'])
  })

  it('reaches a peer of two groups once; the second relay is skipped as a duplicate', async () => {
    const { owner, group, registration, peers, name } = await federation(1)
    const second = await createGroup(owner, 'Partners too')
    await declare(owner, second, registration.id)
    await join(owner, second, peers[0]!)
    await must(emit(owner, name, { n: 1 }))
    await must(emit(owner, name, { n: 2 }))
    const skipped = await until(
      'both',
      () => relaysOf(owner, second),
      all => all.length === 2,
    )
    expect(skipped.map(each => [each.status, each.skipReason])).toEqual(Array(2).fill(['skipped', 'duplicate']))
    await until(
      'both',
      () => relaysOf(owner, group, '&status=relayed'),
      all => all.length === 2,
    )
    expect(await readLog(platform, peers[0]!)).toHaveLength(2)
  })

  it('is not passed on: two organizations that share with each other do not ping-pong, nor does it travel a chain', async () => {
    const [one, two, three] = [
      await platform.organization(),
      await platform.organization(),
      await platform.organization(),
    ]
    // The same name at all three: each pushes the very name under which the other's events arrive.
    for (const org of [two, three])
      await must(
        platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${org.org.id}/namespaces`, {
          namespace: one.slug,
        }),
      )
    const name = `${one.slug}.order.made`
    const groups: string[] = []
    for (const [owner, peer] of [
      [one, two],
      [two, one],
      [two, three],
    ] as const) {
      const group = await createGroup(owner, `to ${peer.slug}`)
      const known = (await must(owner.call<Array<{ id: string; name: string }>>('GET', '/api/v1/events/custom'))).find(
        each => each.name === 'order.made',
      )
      await declare(owner, group, (known ?? (await register(owner, 'order.made', one.slug))).id)
      await join(owner, group, peer)
      groups.push(group)
    }
    await must(emit(one, name, { from: 'one' }))
    await logOf(two, 1)
    await must(emit(two, name, { from: 'two' }))
    expect((await logOf(one, 2)).map(record => JSON.parse(record.value!.toString()).from)).toEqual(['one', 'two'])
    expect((await logOf(three, 1)).map(record => JSON.parse(record.value!.toString()).from)).toEqual(['two'])
    expect((await readLog(platform, two)).map(record => JSON.parse(record.value!.toString()).from)).toEqual([
      'one',
      'two',
    ])
  })

  it('arrives in the namespace that the member chose', async () => {
    const { owner, group, name } = await federation(0)
    const peer = await platform.organization()
    await join(owner, group, peer, { inboundNamespace: peer.slug })
    await must(emit(owner, name, { n: 1 }))
    const [record] = await logOf(peer, 1)
    expect(record!.headers['canonical-name']!.toString()).toBe(
      `TENANT_CUSTOM:${peer.org.id}:${peer.slug}.order.made@1.0.0`,
    )
    // Inbound-only names are not the peer's to emit.
    const own = await emit(peer, `${peer.slug}.order.made`, { n: 1 })
    expect([own.status, own.code]).toEqual([404, 'event_not_registered'])
  })

  it('keeps the order of its subject', async () => {
    const { owner, peers, name } = await federation(1)
    const items = Array.from({ length: 300 }, (_, n) => ({ name, payload: { n }, subject: `s${n % 3}` }))
    await must(owner.call('POST', '/api/v1/events/custom/emit/batch', { items }))
    const records = await logOf(peers[0]!, 300)
    expect(records.map(record => JSON.parse(record.value!.toString()).n)).toEqual(items.map((_, n) => n))
    expect(records.map(record => Number(record.headers.sequence))).toEqual(items.map((_, n) => n + 1))
  })
}
