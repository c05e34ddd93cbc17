import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createResolveName, type ResolveName } from '../../src/delivery/resolve-name.ts'

const A = 1
const AAAA = 28
const ADDRESSES: Record<string, Record<number, Buffer>> = {
  'both.test': { [A]: Buffer.from([192, 0, 2, 1]), [AAAA]: Buffer.from('20010db8000000000000000000000001', 'hex') },
  'four.test': { [A]: Buffer.from([192, 0, 2, 2]) },
}

let queries = 0

/** A DNS server (RFC 1035) that knows the names above and denies all others. */
const server = createSocket('udp4').on('message', (query, client) => {
  queries += 1
  let end = 12
  const labels: string[] = []
  for (; query[end]; end += query[end]! + 1) labels.push(query.toString('latin1', end + 1, end + 1 + query[end]!))
  const type = query.readUInt16BE(end + 1)
  const known = ADDRESSES[labels.join('.').toLowerCase()]
  const address = known?.[type]
  const head = Buffer.from(query.subarray(0, end + 5))
  head.writeUInt16BE(known ? 0x8180 : 0x8183, 2)
  head.writeUInt16BE(address ? 1 : 0, 6)
  head.fill(0, 8, 12)
  const answer = address ? [Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, address.length]), address] : []
  server.send(Buffer.concat([head, ...answer]), client.port, client.address)
})
let resolveName: ResolveName

beforeAll(async () => {
  await new Promise<void>(resolve => server.bind(0, '127.0.0.1', resolve))
  resolveName = createResolveName({ servers: [`127.0.0.1:${(server.address() as AddressInfo).port}`] })
})
afterAll(() => new Promise<void>(resolve => server.close(resolve)))

describe('a name', () => {
  it('resolves to all its addresses, of both families', async () => {
    expect(await resolveName('both.test')).toEqual([
      { address: '192.0.2.1', family: 4 },
      { address: '2001:db8::1', family: 6 },
    ])
    expect(await resolveName('four.test.')).toEqual([{ address: '192.0.2.2', family: 4 }])
  })

  it('is looked up each time: an address that has changed is found at once, whatever its time to live', async () => {
    ADDRESSES['moving.test'] = { [A]: Buffer.from([192, 0, 2, 3]) }
    expect(await resolveName('moving.test')).toEqual([{ address: '192.0.2.3', family: 4 }])
    const before = queries
    ADDRESSES['moving.test'] = { [A]: Buffer.from([192, 0, 2, 4]) }
    expect(await resolveName('moving.test')).toEqual([{ address: '192.0.2.4', family: 4 }])
    expect(queries - before).toBe(2)
  })

  it('that is localhost is loopback, without asking anybody', async () => {
    for (const name of ['localhost', 'a.localhost', 'localhost.']) {
      expect((await resolveName(name)).map(({ address }) => address)).toEqual(['127.0.0.1', '::1'])
    }
  })

  it('that only the hosts file knows is found there', async () => {
    const entry = readFileSync('/etc/hosts', 'utf8').match(/^(127\.\S+|\d+\.\S+)\s+(?!.*localhost)([a-z0-9.-]+)/m)
    if (!entry) return // nothing in it to be found
    expect((await resolveName(entry[2]!)).map(({ address }) => address)).toContain(entry[1])
  })
})
