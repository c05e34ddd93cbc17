/**
 * The signature profiles (docs/specification/webhooks.md#signatures). A webhook may have several: each adds its own
 * headers to the request. During a rotation two secrets sign. `webhook-signature` is a list and carries both
 * signatures; the other headers have room for one, so the former secret signs there until it expires, and
 * `<header>-next` carries the signature of the new one (docs/decisions/0042).
 */
import { createHmac, type KeyObject } from 'node:crypto'
import type { SignatureProfile } from '../../model/webhooks.ts'
import { standardKey, standardSignature, textKey } from '../sign.ts'
import { ed25519Signature, privateKeyOf } from './ed25519.ts'

/** A secret and the key derived from it. */
export interface Signatory {
  /** In clear text. */
  secret: string
  /** The 32-byte seed of its Ed25519 key. */
  seed(): Buffer
}

/** The signed content, and facts that some profiles put beside their signature. */
export interface Message {
  deliveryId: string
  /** Seconds since 1970. */
  timestamp: string
  body: Buffer
  eventType: string
}

/** Adds the headers of a profile. */
export type Signer = (message: Message, headers: Record<string, string>) => void

/** `signatories`: the newest first; two during a rotation. Keys are imported here, once. */
export function createSigner(profiles: readonly SignatureProfile[], signatories: readonly Signatory[]): Signer {
  const signers = profiles.map(profile => PROFILES[profile](signatories))
  return (message, headers) => {
    for (const signer of signers) signer(message, headers)
  }
}

const PROFILES: Record<SignatureProfile, (signatories: readonly Signatory[]) => Signer> = {
  standard(signatories) {
    const keys = signatories.map(({ secret }) => standardKey(secret))
    return listed(({ deliveryId, timestamp, body }) =>
      keys.map(key => standardSignature(key, deliveryId, timestamp, body)),
    )
  },
  ed25519(signatories) {
    const keys = signatories.map(({ seed }) => privateKeyOf(seed()))
    return listed(({ deliveryId, timestamp, body }) =>
      keys.map(key => ed25519Signature(key, deliveryId, timestamp, body)),
    )
  },
  platforma: signatories => single(signatories, ['x-platforma-signature'], ofBody('')),
  platphorm: signatories => single(signatories, ['X-Platphorm-Signature'], ofBody('sha256=')),
  relay: signatories => single(signatories, ['X-Platformxe-Signature', 'X-Caldera-Signature'], ofBody('sha256=')),
  event(signatories) {
    const sign = single(signatories, ['X-Event-Signature'], (key, { timestamp, body }) =>
      createHmac('sha256', key).update(`${timestamp}.`).update(body).digest('hex'),
    )
    return (message, headers) => {
      sign(message, headers)
      headers['X-Event-Timestamp'] = message.timestamp
      headers['X-Event-Type'] = message.eventType
    }
  },
}

/** Standard Webhooks: one header, any number of signatures. */
function listed(signaturesOf: (message: Message) => string[]): Signer {
  return (message, headers) => {
    headers['webhook-id'] = message.deliveryId
    headers['webhook-timestamp'] = message.timestamp
    const signatures = signaturesOf(message).join(' ')
    const before = headers['webhook-signature']
    headers['webhook-signature'] = before === undefined ? signatures : `${before} ${signatures}`
  }
}

/** One header, under one name or several, with room for one signature. */
function single(
  signatories: readonly Signatory[],
  names: readonly string[],
  sign: (key: KeyObject, message: Message) => string,
): Signer {
  const keys = signatories.map(({ secret }) => textKey(secret))
  const main = keys.at(-1)!
  const next = keys.length > 1 ? keys[0]! : undefined
  const nextNames = names.map(name => `${name}-Next`)
  return (message, headers) => {
    const signature = sign(main, message)
    for (const name of names) headers[name] = signature
    if (next === undefined) return
    const second = sign(next, message)
    for (const name of nextNames) headers[name] = second
  }
}

const ofBody =
  (prefix: string) =>
  (key: KeyObject, { body }: Message): string =>
    prefix + createHmac('sha256', key).update(body).digest('hex')
