/** Signature Version 4, by the example of the AWS General Reference. */
import { expect, it } from '@jest/globals'
import { parseSignature, signatureOf } from '../../src/crypto/signature-v4.ts'

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const SIGNATURE = '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7'
const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=${SIGNATURE}`
const REQUEST = {
  ...{ method: 'GET', path: '/', query: 'Version=2010-05-08&Action=ListUsers', body: Buffer.alloc(0) },
  headers: {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host: 'iam.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
  },
  dateTime: '20150830T123600Z',
}

it('a request is signed as in the published example', () => {
  const signed = parseSignature(AUTHORIZATION)!
  expect(signed).toMatchObject({ accessKeyId: 'AKIDEXAMPLE', region: 'us-east-1', service: 'iam' })
  expect(signatureOf(SECRET, REQUEST, signed)).toBe(SIGNATURE)
})

it.each([
  ['body', { body: Buffer.from('x') }],
  ['path', { path: '/other' }],
  ['query', { query: 'Action=ListRoles' }],
  ['method', { method: 'POST' }],
  ['header', { headers: { ...REQUEST.headers, host: 'other.example' } }],
])('another %s has another signature', (_, change) => {
  expect(signatureOf(SECRET, { ...REQUEST, ...change }, parseSignature(AUTHORIZATION)!)).not.toBe(SIGNATURE)
})

it('a header that is no such signature is none', () => {
  for (const text of ['', 'Bearer x', AUTHORIZATION.slice(0, -1), AUTHORIZATION.replace('aws4_request', 'aws')])
    expect(parseSignature(text)).toBeUndefined()
})
