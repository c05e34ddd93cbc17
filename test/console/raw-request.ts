import { type IncomingHttpHeaders, request } from 'node:http'

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** One request as it is written: the path is not made tidy, and no header is added but `host`. */
export function rawRequest(
  url: string,
  { method, headers }: { method: string; headers: Record<string, string> },
): Promise<RawAnswer> {
  const [, host = '', port = '', path = '/'] = /^http:\/\/([^:/]+):(\d+)(.*)$/.exec(url) ?? []
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path, method, headers, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', piece => {
        text += piece
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject).end()
  })
}
