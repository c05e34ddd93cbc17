/**
 * The body for an incoming webhook of Slack, which Mattermost, Rocket.Chat and Discord (`/slack`) take too. `text` is
 * for those without blocks, and for the notification on a phone.
 */
import { cut, type Message, oneLine } from './message.ts'

/** Slack refuses a section with more. */
export const SLACK_CHARACTERS_MAX = 3_000
const TITLE_CHARACTERS_MAX = 150

export function slackBody({ title, message, severity, environment }: Message): Buffer {
  const heading = title === null ? '' : `*${escapeSlack(cut(oneLine(title), TITLE_CHARACTERS_MAX))}*\n`
  const text = cutEscaped(heading + escapeSlack(message), SLACK_CHARACTERS_MAX)
  return Buffer.from(
    JSON.stringify({
      text,
      blocks: [
        { type: 'section', text: { type: 'mrkdwn', text } },
        { type: 'context', elements: [{ type: 'mrkdwn', text: `${severity} · ${environment}` }] },
      ],
    }),
  )
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** The three characters with a meaning in Slack: without it `<!channel>` in a message would alert everybody. */
export const escapeSlack = (text: string): string => text.replace(/[&<>]/g, character => ESCAPES[character]!)

/** Never within an entity: half of one would be shown as it is. */
function cutEscaped(text: string, length: number): string {
  if (text.length <= length) return text
  return `${cut(text, length)
    .slice(0, -1)
    .replace(/&[a-z]{0,3}$/, '')}…`
}
