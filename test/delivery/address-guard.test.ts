import { describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { type AddressGuardOptions, createAddressGuard } from '../../src/delivery/address-guard.ts'
import { createSender } from '../../src/delivery/send.ts'
import { createReceiver } from '../support/receiver.ts'

const guardOf = (options: Partial<AddressGuardOptions> = {}) =>
  createAddressGuard({ allow: [], allowHttp: false, ownAddresses: () => [], ...options })
const ruleOf = (url: string, options: Partial<AddressGuardOptions> = {}) => {
  const error = guardOf(options).checkUrl(url)
  return error && (error.details?.[0]?.rule ?? error.code)
}
const resolvingTo =
  (...addresses: string[]): NonNullable<AddressGuardOptions['resolve']> =>
  async () =>
    addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))

describe('the URL of a webhook', () => {
  it('may be https at a public address or name, on 443 or 8443', () => {
    for (const url of [
      'https://example.com/a?b=c',
      'https://example.com:8443',
      'https://93.184.216.34/',
      'https://[2606:4700::1111]/',
    ]) {
      expect(ruleOf(url)).toBeUndefined()
    }
  })

  it('is refused in plain http, and in anything else, unless http is allowed', () => {
    expect(ruleOf('http://example.com/')).toBe('https_required')
    expect(ruleOf('ftp://example.com/')).toBe('https_required')
    expect(ruleOf('http://example.com/', { allowHttp: true })).toBeUndefined()
    expect(ruleOf('ftp://example.com/', { allowHttp: true })).toBe('https_required')
  })

  it('is refused when it is longer than 2,048 characters, not absolute, or carries a user', () => {
    const of = (length: number) => `https://example.com/${'a'.repeat(length - 20)}`
    expect([ruleOf(of(2048)), ruleOf(of(2049))]).toEqual([undefined, 'too_long'])
    for (const url of [
      '',
      '/hook',
      'example.com',
      'https://',
      'https://exa mple.com/',
      'https://a.com/\r\nx',
      ' https://a.com/',
      'https://a.com\\@b.com/',
      'https:a.com',
    ])
      expect(ruleOf(url)).toBe('not_a_url')
    for (const url of ['https://user@example.com/', 'https://user:pass@example.com/'])
      expect(ruleOf(url)).toBe('userinfo')
  })

  it('is refused on other ports, except a name that may lead into the allow list', () => {
    expect(ruleOf('https://example.com:9000/')).toBe('port')
    expect(ruleOf('https://93.184.216.34:9000/')).toBe('port')
    expect(ruleOf('https://example.com:9000/', { allow: ['10.0.0.0/8'] })).toBeUndefined()
    expect(ruleOf('https://10.1.2.3:9000/', { allow: ['10.0.0.0/8'] })).toBeUndefined()
  })

  const spellings = [
    [
      'loopback',
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '017700000001',
      '[::1]',
      '[0:0:0:0:0:0:0:1]',
    ],
    [
      'loopback as IPv4 in IPv6',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::127.0.0.1]',
      '[64:ff9b::7f00:1]',
      '[64:ff9b:1::7f00:1]',
    ],
    ['loopback by a transition form', '[2002:7f00:1::]', '[2001:0:53aa:64c:0:0:80ff:fffe]', '[::ffff:0:127.0.0.1]'],
    ['loopback by name', 'localhost', 'LOCALHOST', 'a.localhost', 'localhost.'],
    ['loopback in other letters', '①②⑦.0.0.1', '127。0。0。1'],
    ['unspecified', '0.0.0.0', '0', '[::]', '0.1.2.3'],
    [
      'private',
      '10.0.0.1',
      '172.16.0.1',
      '192.168.1.1',
      '[fd00::1]',
      '[::ffff:10.0.0.1]',
      '[64:ff9b::a00:1]',
      '[2002:a00:1::]',
    ],
    ['link-local', '169.254.1.1', '[fe80::1]', '[fec0::1]'],
    ['metadata', '169.254.169.254', '0xa9fea9fe', '[fd00:ec2::254]', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
    ['carrier-grade NAT', '100.64.0.1', '100.127.255.254'],
    ['multicast and broadcast', '224.0.0.1', '255.255.255.255', '[ff02::1]'],
    [
      'reserved',
      '192.0.2.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '240.0.0.1',
      '[2001:db8::1]',
      '[100::1]',
      '[4000::1]',
    ],
  ] as const
  it.each(spellings)('is refused at an address that is %s, in every spelling', (_kind, ...hosts) => {
    expect(hosts.filter(host => ruleOf(`https://${host}/`) !== 'blocked_address')).toEqual([])
  })

  it('may be at an address that is not public but allowed, on any port, in every spelling', () => {
    const options = { allow: ['127.0.0.0/8', 'fd00::/8'], allowHttp: true }
    for (const host of ['127.0.0.1:9400', '2130706433:1', '[::ffff:127.0.0.1]:80', '[fd12::1]:7', 'localhost:9400']) {
      expect(ruleOf(`http://${host}/`, options)).toBeUndefined()
    }
    expect(ruleOf('http://10.0.0.1/', options)).toBe('blocked_address')
  })
})

describe('addresses of this installation', () => {
  const own = (host: string) => ({
    allow: ['0.0.0.0/0', '::/0'],
    allowHttp: true,
    ownAddresses: () => [{ host, port: 8080 }],
  })

  it('is refused although its range is allowed, and nothing beside it is', () => {
    const loopback = ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '[::1]', '0.0.0.0', '[::]', '[64:ff9b::7f00:1]']
    for (const host of loopback) expect(ruleOf(`http://${host}:8080/`, own('127.0.0.1'))).toBe('blocked_address')
    expect(ruleOf('http://127.0.0.1:8081/', own('127.0.0.1'))).toBeUndefined()
    expect(ruleOf('http://10.0.0.1:8080/', own('127.0.0.1'))).toBeUndefined()
    for (const host of ['0.0.0.0', '::']) expect(ruleOf('http://127.3.2.1:8080/', own(host))).toBe('blocked_address')
    expect(ruleOf('http://10.0.0.1:8080/', own('0.0.0.0'))).toBeUndefined()
  })

  it('may be reached at the paths that are allowed, in plain http, and nowhere else', async () => {
    const { url, port, close, requests } = await createReceiver()
    const servers = () => [{ host: '127.0.0.1', port }]
    const guard = guardOf({ ownAddresses: servers, ownAllowed: { servers, path: /^\/inspect\/[a-z]{4}$/ } })
    const sender = createSender({ guard, clock: createSystemClock() })
    const send = async (at: string) => {
      const { errorKind } = await sender.send({ url: at, body: Buffer.from('{}'), headers: {}, timeoutMs: 5000 })
      return errorKind
    }
    expect([await send(`${url}/inspect/abcd`), await send(`http://localhost:${port}/inspect/abcd?b`)]).toEqual([
      null,
      null,
    ])
    for (const path of [
      '/',
      '/inspect/',
      '/inspect/abcd/',
      '/inspect/abcd/../api',
      '/inspect/%2e%2e/api',
      '//inspect/abcd',
    ])
      expect(await send(url + path)).toBe('blocked_address')
    expect(await send(`http://127.0.0.1:${port + 1}/inspect/abcd`)).toBe('blocked_address')
    expect(requests.map(request => request.path)).toEqual(['/inspect/abcd', '/inspect/abcd?b'])
    sender.close()
    await close()
  })
})

describe('the address of a webhook, at every connection', () => {
  const blocked = { kind: 'blocked_address' }

  it('is every address that the name resolves to, each checked', async () => {
    const resolve = resolvingTo('93.184.216.34', '2606:4700::1111')
    expect(await guardOf({ resolve }).addressesOf('a.test', 443)).toEqual([
      { address: '93.184.216.34', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ])
  })

  it('is refused when one of them is not public', async () => {
    for (const bad of ['127.0.0.1', '::ffff:10.0.0.1', '169.254.169.254', '64:ff9b::7f00:1', 'fe80::1']) {
      await expect(
        guardOf({ resolve: resolvingTo('93.184.216.34', bad) }).addressesOf('a.test', 443),
      ).rejects.toMatchObject(blocked)
    }
  })

  it('may be public behind NAT64, where an IPv6-only network reaches all of IPv4', async () => {
    const found = await guardOf({ resolve: resolvingTo('64:ff9b::5db8:d822') }).addressesOf('a.test', 443)
    expect(found).toEqual([{ address: '64:ff9b::5db8:d822', family: 6 }])
  })

  it('is refused on another port unless the name leads into the allow list', async () => {
    const allow = ['10.0.0.0/8']
    await expect(
      guardOf({ allow, resolve: resolvingTo('93.184.216.34') }).addressesOf('a.test', 9000),
    ).rejects.toMatchObject(blocked)
    expect(await guardOf({ allow, resolve: resolvingTo('10.0.0.1') }).addressesOf('a.test', 9000)).toHaveLength(1)
  })

  it('is checked for literals too, which are never looked up', async () => {
    for (const literal of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      await expect(guardOf().addressesOf(literal, 443)).rejects.toMatchObject(blocked)
    }
  })

  it('is resolved anew for every connection: a name that turns to loopback is refused before anything is sent', async () => {
    const { port, close, requests, connections, cut } = await createReceiver()
    let answers = ['127.0.0.1']
    const own: { host: string; port: number }[] = []
    const guard = guardOf({
      allow: ['127.0.0.1'],
      allowHttp: true,
      ownAddresses: () => own,
      resolve: () => resolvingTo(...answers)(''),
    })
    const sender = createSender({ guard, clock: createSystemClock() })
    const send = () =>
      sender.send({ url: `http://rebind.test:${port}/`, body: Buffer.from('{}'), headers: {}, timeoutMs: 5000 })
    expect(await send()).toMatchObject({ status: 204 })
    answers = ['127.0.0.2']
    cut()
    expect(await send()).toMatchObject({ status: null, errorKind: 'blocked_address' })
    expect([requests.length, connections()]).toEqual([1, 1])
    sender.close()
    await close()
  })

  it('of localhost is the allowed one of its two', async () => {
    expect(await guardOf({ allow: ['127.0.0.0/8'] }).addressesOf('localhost', 9400)).toEqual([
      { address: '127.0.0.1', family: 4 },
    ])
    await expect(guardOf().addressesOf('localhost', 443)).rejects.toMatchObject(blocked)
  })

  it('is a dns failure when the name has none', async () => {
    await expect(guardOf({ resolve: resolvingTo() }).addressesOf('a.test', 443)).rejects.toMatchObject({ kind: 'dns' })
  })
})

describe('an address of this installation that is given as a name', () => {
  const own = [{ host: 'kafka.internal', port: 9092 }]
  const names: Record<string, string> = {
    'kafka.internal': '10.0.0.7',
    'sly.example.com': '10.0.0.7',
    'other.internal': '10.0.0.8',
  }
  const resolve: NonNullable<AddressGuardOptions['resolve']> = async name => {
    if (names[name] === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    return [{ address: names[name], family: 4 }]
  }
  const options = { allow: ['10.0.0.0/8'], allowHttp: true, ownAddresses: () => own, resolve }

  it('is refused by its name when the webhook is set', () => {
    expect(ruleOf('https://kafka.internal:9092/', options)).toBe('blocked_address')
    expect(ruleOf('https://KAFKA.internal.:9092/', options)).toBe('blocked_address')
    expect(ruleOf('https://kafka.internal:9093/', options)).toBeUndefined()
  })

  it.each(['10.0.0.7', 'sly.example.com', 'kafka.internal'])('is refused at the connection as %s', async hostname => {
    await expect(guardOf(options).addressesOf(hostname, 9092)).rejects.toThrow('belongs to this installation')
  })

  it('leaves other ports and other hosts within the allow list alone', async () => {
    expect(await guardOf(options).addressesOf('10.0.0.7', 9999)).toHaveLength(1)
    expect(await guardOf(options).addressesOf('other.internal', 9092)).toHaveLength(1)
  })

  it('keeps its last addresses while its name cannot be resolved', async () => {
    const guard = guardOf(options)
    await expect(guard.addressesOf('sly.example.com', 9092)).rejects.toThrow('belongs to this installation')
    const before = names['kafka.internal']!
    delete names['kafka.internal']
    await expect(guard.addressesOf('10.0.0.7', 9092)).rejects.toThrow('belongs to this installation')
    names['kafka.internal'] = before
  })

  it('without a port is refused on every port', async () => {
    const guard = guardOf({ ...options, ownAddresses: () => [{ host: 'kafka.internal', port: undefined }] })
    for (const port of [1, 443, 9092])
      await expect(guard.addressesOf('10.0.0.7', port)).rejects.toThrow('belongs to this installation')
  })
})
