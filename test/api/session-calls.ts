/** Calls with headers that `fetch` sets by itself, such as `host`. */
import { request } from 'node:http'

export interface RawReply {
  status: number
  code: string | undefined
  cookie: string | undefined
}

export function raw(
  base: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const call = request(base + path, { method, headers: { 'content-type': 'application/json', ...headers } })
    call.on('error', reject)
    call.on('response', response => {
      let text = ''
      response.on('data', part => {
        text += String(part)
      })
      response.on('end', () => {
        const code = (JSON.parse(text) as { error?: { code: string } }).error?.code
        resolve({ status: response.statusCode!, code, cookie: response.headers['set-cookie']?.[0] })
      })
    })
    call.end(JSON.stringify(body))
  })
}
