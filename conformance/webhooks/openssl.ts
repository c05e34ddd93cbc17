/** Ed25519 (`v1a`), judged by OpenSSL: it makes the key and signs, the receiver's kit verifies; then the platform signs, and OpenSSL verifies. */
import { createPrivateKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyWebhookSignature } from '../../sdks/typescript/src/webhooks/index.ts'
import { ed25519Signature, publicKeyText } from '../../src/delivery/profiles/ed25519.ts'
import { runTool, succeeds } from './run-tool.ts'

const BODY = '{"type":"order.created","data":{"total":12.50,"s":"größer"}}'
const TIMESTAMP_S = 1_790_000_000
const SIGNED = `dlv_1.${TIMESTAMP_S}.${BODY}`

export interface Check {
  what: string
  passed: boolean
}

export async function checkEd25519(directory: string): Promise<Check[]> {
  const file = (name: string): string => join(directory, name)
  await runTool('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', file('key.pem')])
  await runTool('openssl', ['pkey', '-in', file('key.pem'), '-pubout', '-out', file('public.pem')])
  writeFileSync(file('signed'), SIGNED)
  await runTool('openssl', [
    'pkeyutl',
    '-sign',
    '-inkey',
    file('key.pem'),
    '-rawin',
    '-in',
    file('signed'),
    '-out',
    file('signature'),
  ])
  const signature = readFileSync(file('signature'))
  const key = createPrivateKey(readFileSync(file('key.pem')))
  const publicKey = publicKeyText(key)
  const verify = (by: string, body = BODY): boolean =>
    verifyWebhookSignature(body, headersWith(signature), by, { now: TIMESTAMP_S * 1_000 })

  const ours = ed25519Signature(key, 'dlv_1', String(TIMESTAMP_S), Buffer.from(BODY))
  writeFileSync(file('ours'), Buffer.from(ours.replace('v1a,', ''), 'base64'))
  writeFileSync(file('other'), `${SIGNED} `)
  const openssl = (signed: string): Promise<boolean> =>
    succeeds('openssl', [
      'pkeyutl',
      '-verify',
      '-pubin',
      '-inkey',
      file('public.pem'),
      '-rawin',
      '-in',
      file(signed),
      '-sigfile',
      file('ours'),
    ])
  return [
    { what: 'the kit takes what OpenSSL signed', passed: verify(publicKey) },
    { what: 'the kit refuses another body', passed: !verify(publicKey, `${BODY} `) },
    { what: 'the kit refuses another key', passed: !verify(`whpk_${Buffer.alloc(32, 7).toString('base64')}`) },
    { what: 'OpenSSL takes what the platform signed', passed: await openssl('signed') },
    { what: 'OpenSSL refuses another body', passed: !(await openssl('other')) },
  ]
}

const headersWith = (signature: Buffer): Record<string, string> => ({
  'webhook-id': 'dlv_1',
  'webhook-timestamp': String(TIMESTAMP_S),
  'webhook-signature': `v1a,${signature.toString('base64')}`,
})
