/**
 * IP addresses as the egress guard sees them: one spelling each, and whether the public internet may be meant.
 */
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'

export type Address = ipaddr.IPv4 | ipaddr.IPv6
export type Range = [Address, number]

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96')

/** Public addresses behind which clouds keep what is theirs alone (Azure's wire server). */
const PLATFORM_ADDRESSES = new Set(['168.63.129.16'])

/**
 * The address a literal stands for, or undefined if the text is a name. IPv4-mapped IPv6 becomes IPv4, so that no rule can be passed by
 * spelling. Decimal, octal and hexadecimal IPv4 are understood as the URL standard and `inet_aton` do.
 */
export function parseAddress(text: string): Address | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined
}

/** Throws when the text is not a CIDR range. A single address is a range of one. */
export function parseRange(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text)
  const address = ipaddr.process(text)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
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
 * Why an address is not a public one, in a word (`loopback`, `private`, `linkLocal` …), or undefined if it is. The transition forms 6to4,
 * Teredo and local NAT64 hide an IPv4 address and are never needed to reach a receiver: all refused.
 */
export function specialRange(address: Address): string | undefined {
  const target = behindGateway(address)
  if (PLATFORM_ADDRESSES.has(target.toString())) return 'metadata'
  const range = target.range()
  if (range !== 'unicast') return range
  return target.kind() === 'ipv6' && !target.match(GLOBAL_UNICAST) ? 'reserved' : undefined
}

/** Whether connecting to `address` ends on this machine: loopback, unspecified (which the kernel sends to loopback) or an interface. */
export function isThisMachine(address: Address): boolean {
  const range = address.range()
  if (range === 'loopback' || range === 'unspecified') return true
  const text = address.toString()
  return Object.values(networkInterfaces()).some(list => list?.some(entry => parseAddress(entry.address)?.toString() === text))
}
