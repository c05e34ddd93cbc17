/** The console of a platform that starts: a page that reloads itself. */
import type { RequestListener } from 'node:http'
import { consoleHeaders } from '../api/console/policy.ts'
import { answerWaiting } from '../api/console/waiting-page.ts'

/** `status` answers everybody but a browser that opens the console. */
export const whileStarting =
  (status: RequestListener): RequestListener =>
  (request, response) => {
    const isConsole = /^\/(?:console(?:[/?]|$)|\?|$)/.test(request.url ?? '')
    if (!isConsole || request.headers.accept?.includes('text/html') !== true) return status(request, response)
    answerWaiting(response, null, consoleHeaders(request.headers), request.method === 'GET')
  }
