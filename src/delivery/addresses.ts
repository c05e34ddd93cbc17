/**
 * IP addresses as the egress guard sees them: one spelling each, and whether an address may be on the public internet.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'

export type Address = ipaddr.IPv4 | ipaddr.IPv6
export type Range = [Address, number]

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96')

/** Public addresses behind which clouds keep internal services (Azure's wire server). */
const PLATFORM_ADDRESSES = new Set(['168.63.129.16'])

/**
 * The address of a literal, or undefined if the text is a name. IPv4-mapped IPv6 becomes IPv4, so that no rule can be
 * bypassed by spelling. Decimal, octal and hexadecimal IPv4 are parsed like the URL standard and `inet_aton` do.
 */
export function parseAddress(text: string): Address | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined
}

/**
 * A CIDR range; a single address is a range of one. IPv4-mapped IPv6 becomes IPv4, as every address does. Throws the
 * problem of the text: it must mean the same to every reader, so shortened IPv4 (`10.1/16`), leading zeros and bits
 * beyond the prefix are refused.
 */
export function parseRange(text: string): Range {
  const [, base, prefix] = /^([^/]*)(?:\/(.*))?$/s.exec(text)!
  if (isIPv4(base!)) return rangeOf(ipaddr.IPv4.parse(base!), 32, prefix)
  if (!isIPv6(base!) || base!.includes('%'))
    throw new Error(
      'is no range: it takes four decimal numbers without leading zeros, or an IPv6 address, and a prefix length',
    )
  const address = ipaddr.IPv6.parse(base!)
  const [range, bits] = rangeOf(address, 128, prefix)
  if (!address.isIPv4MappedAddress()) return [range, bits]
  if (bits < 96) throw new Error('mixes IPv4-mapped addresses with others: write the IPv4 range as IPv4')
  return [address.toIPv4Address(), bits - 96]
}

function rangeOf(address: Address, bitsMax: number, prefix = String(bitsMax)): Range {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bitsMax)
    throw new Error(`has no prefix length from 0 to ${bitsMax} after the slash`)
  const bits = Number(prefix)
  const first = firstOf(address, bits)
  if (first.toString() !== address.toString())
    throw new Error(
      `has bits set beyond its prefix: write ${first}/${bits} for the range, or ${address} for the one address`,
    )
  return [address, bits]
}

function firstOf(address: Address, bits: number): Address {
  const bytes = address
    .toByteArray()
    .map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff)
  return ipaddr.fromByteArray(bytes)
}

/**
 * Whether a host is loopback by its address. A name that begins like one is not; `localhost` is the only name that is.
 */
export function isLoopback(host: string): boolean {
  if (/^localhost\.?$/i.test(host)) return true
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  return (isIPv4(bare) || isIPv6(bare)) && parseAddress(bare)!.range() === 'loopback'
}

export function isWithin(address: Address, ranges: readonly Range[]): boolean {
  return ranges.some(range => address.kind() === range[0].kind() && address.match(range))
}

/** The IPv4 address that a NAT64 gateway (RFC 6052) would connect to; any other address as it is. */
export function behindGateway(address: Address): Address {
  if (address.kind() === 'ipv6' && address.match(NAT64)) return new ipaddr.IPv4(address.toByteArray().slice(12))
  return address
}

/**
 * The reason why an address is not public (`loopback`, `private`, `linkLocal` …), or undefined if it is. The transition
 * forms 6to4, Teredo and local NAT64 hide an IPv4 address and are never needed to reach a receiver: all are refused.
 */
export function specialRange(address: Address): string | undefined {
  const target = behindGateway(address)
  if (PLATFORM_ADDRESSES.has(target.toString())) return 'metadata'
  const range = target.range()
  if (range !== 'unicast') return range
  return target.kind() === 'ipv6' && !target.match(GLOBAL_UNICAST) ? 'reserved' : undefined
}

/**
 * Whether connecting to `address` ends on this machine: loopback, unspecified (which the kernel sends to loopback) or
 * an interface.
 */
export function isThisMachine(address: Address): boolean {
  const range = address.range()
  if (range === 'loopback' || range === 'unspecified') return true
  const text = address.toString()
  return Object.values(networkInterfaces()).some(list =>
    list?.some(entry => parseAddress(entry.address)?.toString() === text),
  )
}
