/** A request written byte by byte, for what no HTTP client sends. */
import { connect } from 'node:net'

export interface RawReply {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
  body: any
}

/** Header lines as they go over the wire, each a text in ASCII or bytes; host, length and `connection: close` are added. */
export function rawCall(
  base: string,
  start: string,
  lines: ReadonlyArray<string | Buffer>,
  body: string | Buffer = '',
): Promise<RawReply> {
  const { hostname, port, host } = new URL(base)
  const bytes = Buffer.from(body)
  const all = [`${start} HTTP/1.1`, `host: ${host}`, 'connection: close', `content-length: ${bytes.length}`, ...lines]
  const head = all.flatMap(line => [Buffer.from(line), Buffer.from('\r\n')])
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    const chunks: Buffer[] = []
    socket.on('data', chunk => void chunks.push(chunk))
    socket.on('error', reject)
    socket.on('end', () => {
      try {
        resolve(parsed(Buffer.concat(chunks).toString('utf8')))
      } catch (error) {
        reject(error)
      }
    })
    socket.write(Buffer.concat([...head, Buffer.from('\r\n'), bytes]))
  })
}

function parsed(text: string): RawReply {
  const [head = '', sent = ''] = text.split('\r\n\r\n', 2)
  const body = /\r\ntransfer-encoding: chunked/i.test(head) ? onlyChunk(sent) : sent
  return { status: Number(head.split(' ')[1]), body: body === '' ? undefined : JSON.parse(body) }
}

/** Small answers are one chunk. */
const onlyChunk = (sent: string): string => sent.slice(sent.indexOf('\r\n') + 2, sent.lastIndexOf('\r\n0'))
