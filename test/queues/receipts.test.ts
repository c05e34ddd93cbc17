/** Receipts: read by every process of the installation, for their own queue alone. */
import { describe, expect, it } from '@jest/globals'
import { signingKeys } from '../../src/crypto/signing-key.ts'
import { createReceipts } from '../../src/queues/receipts.ts'

const KEY = 'k'.repeat(44)
const keysOf = (secret: string) => signingKeys(secret, undefined, 'queue-receipts')
const queue = { organizationId: 'org_a', environment: 'live' as const, queueId: 'que_1' }
const claim = { purge: 3, group: 70_000, place: { origin: 2, partition: 5, offset: 2 ** 45 + 7 } }

describe('a receipt', () => {
  const signer = createReceipts(keysOf(KEY))
  const receipt = signer.encode(queue, claim)

  it('says the same to the process that signed it and to every other one', () => {
    expect(signer.decode(queue, receipt)).toEqual(claim)
    expect(createReceipts(keysOf(KEY)).decode(queue, receipt)).toEqual(claim)
    const zeros = { purge: 0, group: 0, place: { origin: 0, partition: 0, offset: 0 } }
    expect(createReceipts(keysOf(KEY)).decode(queue, signer.encode(queue, zeros))).toEqual(zeros)
  })

  it('of another queue, another owner, another secret, or changed by one character is none', () => {
    for (const reader of [signer, createReceipts(keysOf(KEY))]) {
      expect(reader.decode({ ...queue, queueId: 'que_2' }, receipt)).toBeUndefined()
      expect(reader.decode({ ...queue, organizationId: 'org_b' }, receipt)).toBeUndefined()
      expect(reader.decode({ ...queue, environment: 'test' }, receipt)).toBeUndefined()
      for (let at = 0; at < receipt.length; at++) {
        const other = receipt[at] === 'A' ? 'B' : 'A'
        expect(reader.decode(queue, receipt.slice(0, at) + other + receipt.slice(at + 1))).toBeUndefined()
      }
      for (const text of ['', 'AQ', receipt.slice(1), `${receipt}A`, `${receipt}=`, 'x'.repeat(200)])
        expect(reader.decode(queue, text)).toBeUndefined()
    }
    expect(createReceipts(keysOf('z'.repeat(44))).decode(queue, receipt)).toBeUndefined()
  })

  it('is still known when so many were signed since that this process has forgotten it', () => {
    for (let group = 0; group < 10_100; group++) signer.encode(queue, { ...claim, group })
    expect(signer.decode(queue, receipt)).toEqual(claim)
  })
})
