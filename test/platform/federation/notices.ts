/** What owner and member learn of relays and memberships. */
import { readFileSync } from 'node:fs'
import { join as pathOf } from 'node:path'
import { expect, it } from '@jest/globals'
import { CHAIN_DEPTH_MAX, createChainTokens } from '../../../src/events/chain.ts'
import { readLog } from '../../support/ledger.ts'
import type { TestOrganization } from '../../support/platform.ts'
import { createReceiver } from '../../support/receiver.ts'
import { emit, federation, GROUPS, logOf, must, platform, receiver, relaysOf, until } from './set-up.ts'

export function describeNotices(): void {
  it('an event at the end of its chain is delivered at home and not relayed, with one notice', async () => {
    const { owner, group, peers, name } = await federation(2)
    const chains = createChainTokens(
      (JSON.parse(readFileSync(pathOf(platform.dataDir, 'keys.json'), 'utf8')) as { secretKey: string }).secretKey,
    )
    const link = {
      rootEventId: `evt_${'0'.repeat(32)}`,
      eventId: `evt_${'1'.repeat(32)}`,
      organizationId: owner.org.id,
      path: [],
    }
    const last = await must(
      emit(owner, name, { n: 'last' }, { chainToken: chains.sign({ ...link, depth: CHAIN_DEPTH_MAX - 1 }) }),
    )
    const relays = await until(
      'the relays',
      () => relaysOf(owner, group),
      all => all.length === 2,
    )
    expect(relays.map(each => [each.status, each.skipReason])).toEqual(
      Array(2).fill(['skipped', 'chain_depth_exceeded']),
    )
    expect(await readLog(platform, owner)).toHaveLength(1)
    const notices = await until(
      'the notice',
      () => must(owner.call<Array<{ entityId: string }>>('GET', '/api/v1/audit?type=CUSTOM_EVENT_CHAIN_TRUNCATED')),
      all => all.length > 0,
    )
    expect(notices.map(each => each.entityId)).toEqual([last.emitId])
    await must(emit(owner, name, { n: 'new' }))
    for (const peer of peers)
      expect((await logOf(peer, 1)).map(record => JSON.parse(record.value!.toString()).n)).toEqual(['new'])
  })

  it('an owner whose webhook names them gets its relays; owner and member get each change of a membership', async () => {
    const { owner, group, peers, members, name } = await federation(1)
    const heard = await createReceiver()
    const events = ['CUSTOM_EVENT_FEDERATION_RELAYED', 'CUSTOM_EVENT_FEDERATION_RELAY_SKIPPED']
    await must(owner.call('POST', '/api/v1/webhooks', { url: heard.url, events }))
    await must(emit(owner, name, { n: 1 }))
    await until(
      'relayed',
      async () => heard.requests.length,
      count => count === 1,
    )
    await must(peers[0]!.call('POST', `${GROUPS}/${group}/members/${members[0]}/pause`))
    await must(emit(owner, name, { n: 2 }))
    await until(
      'skipped',
      async () => heard.requests.length,
      count => count === 2,
    )
    const bodies = heard.requests.map(each => JSON.parse(each.body.toString()))
    expect(bodies.map(each => [each.type, each.data.status, each.data.reason ?? null])).toEqual([
      ['CUSTOM_EVENT_FEDERATION_RELAYED', 'relayed', null],
      ['CUSTOM_EVENT_FEDERATION_RELAY_SKIPPED', 'skipped', 'paused'],
    ])
    // An endpoint's relay ends with its delivery.
    await must(
      owner.call('POST', `${GROUPS}/${group}/external-peers`, {
        label: 'auditor',
        webhookUrl: `${receiver.url}/heard`,
      }),
    )
    await must(emit(owner, name, { n: 3 }))
    const later = await until(
      'relayed to the endpoint',
      async () => heard.requests.map(each => JSON.parse(each.body.toString())),
      all => all.length === 4,
    )
    expect(
      later
        .slice(2)
        .map(each => each.type.replace('CUSTOM_EVENT_FEDERATION_', ''))
        .sort(),
    ).toEqual(['RELAYED', 'RELAY_SKIPPED'])
    await heard.close()
    const audit = async (org: TestOrganization) =>
      (
        await must(
          org.call<Array<{ type: string; entityType: string; actorId: string }>>('GET', '/api/v1/audit?limit=100'),
        )
      )
        .filter(each => each.entityType.startsWith('federation-'))
        .toReversed()
    const ofOwner = await until(
      'the audit',
      () => audit(owner),
      all => all.some(each => each.type.endsWith('_PEER_ADDED')),
    )
    expect(ofOwner.map(each => each.type.replace('CUSTOM_EVENT_FEDERATION_', ''))).toEqual([
      ...['GROUP_CREATED', 'PUSH_DECLARED', 'INVITED', 'ACCEPTED', 'PAUSED', 'PEER_ADDED'],
    ])
    const ofMember = await until(
      'the audit of the member',
      () => audit(peers[0]!),
      all => all.some(each => each.type.endsWith('_PAUSED')),
    )
    expect(ofMember.map(each => each.type.replace('CUSTOM_EVENT_FEDERATION_', ''))).toEqual([
      'INVITED',
      'ACCEPTED',
      'PAUSED',
    ])
    expect(ofMember.map(each => each.actorId.slice(0, 4))).toEqual(['org_', 'key_', 'key_'])
    expect(ofOwner.map(each => each.actorId.slice(0, 4))).toEqual(['key_', 'key_', 'key_', 'org_', 'org_', 'key_'])
  })
}
