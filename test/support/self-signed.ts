/**
 * A certificate made on the spot, so that tests can speak TLS without one in the repository: X.509 v3, P-256, valid for a day around
 * `nowMs`, for the given names and addresses.
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { isIP } from 'node:net'

const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
const COMMON_NAME = [0x55, 0x04, 0x03]
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11]
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13]
const HALF_DAY_MS = 12 * 60 * 60 * 1000

export function selfSigned(hosts: string[], nowMs: number): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(tlv(0x06, Buffer.from(ECDSA_WITH_SHA256)))
  const name = sequence(
    tlv(0x31, sequence(tlv(0x06, Buffer.from(COMMON_NAME)), tlv(0x0c, Buffer.from('test receiver')))),
  )
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(utcTime(nowMs - HALF_DAY_MS), utcTime(nowMs + HALF_DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(
      0xa3,
      sequence(
        extension(BASIC_CONSTRAINTS, sequence(tlv(0x01, Buffer.from([0xff])))),
        extension(SUBJECT_ALT_NAME, altNames(hosts)),
      ),
    ),
  )
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]))
  const der = sequence(body, algorithm, signature)
  const lines = der
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

function altNames(hosts: string[]): Buffer {
  return sequence(
    ...hosts.map(host =>
      isIP(host) === 4 ? tlv(0x87, Buffer.from(host.split('.').map(Number))) : tlv(0x82, Buffer.from(host)),
    ),
  )
}

function extension(oid: number[], value: Buffer): Buffer {
  return sequence(tlv(0x06, Buffer.from(oid)), tlv(0x04, value))
}

function utcTime(ms: number): Buffer {
  const [date, time] = new Date(ms).toISOString().split(/[T.]/)
  return tlv(0x17, Buffer.from(`${date!.slice(2).replaceAll('-', '')}${time!.replaceAll(':', '')}Z`))
}

const sequence = (...parts: Buffer[]) => tlv(0x30, Buffer.concat(parts))

/** DER: tag, length, value. */
function tlv(tag: number, value: Buffer): Buffer {
  const length = value.length
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), value])
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), value])
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), value])
}
