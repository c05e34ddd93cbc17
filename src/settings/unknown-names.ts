/** Unknown names in the environment that look like settings: a typing error would otherwise go unnoticed. */
import { SETTINGS } from './list.ts'
import { editDistance, nearest } from './nearest.ts'

const KNOWN = SETTINGS.map(({ name }) => name)
const PREFIX = /^(?:CLARION|KAFKA|EGRESS)_/i

/** Names that other programs use. */
const HARMLESS: readonly RegExp[] = [
  // Tests, the conformance suites, the command line and the demo.
  /^CLARION_(?:TEST|CONFORMANCE)_/,
  /^CLARION_(?:JSON_SCHEMA_SUITE|URL|API_KEY|KAFKA|WEBHOOK_SECRET)$/,
  // Kafka's own scripts, where its tools are installed beside the platform.
  /^KAFKA_(?:HOME|MODE|DEBUG|OPTS)$/,
  /^KAFKA_(?:HEAP|LOG4J|LOG4J_CMD|JVM_PERFORMANCE|JMX|GC_LOG)_OPTS$/,
  // Kubernetes and container links describe every service named kafka… or clarion… to every container.
  /_SERVICE_(?:HOST|PORT(?:_\w+)?)$/,
  /_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?$/,
]
const LINK = /^(?:tcp|udp|sctp):\/\//

/** One sentence for each name, without its value. */
export function unknownNames(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment)
    .filter(
      ([name, value]) => value !== undefined && PREFIX.test(name) && !KNOWN.includes(name) && !isHarmless(name, value),
    )
    .map(([name]) => sentenceOf(name))
}

const isHarmless = (name: string, value: string): boolean =>
  HARMLESS.some(pattern => pattern.test(name)) || (name.endsWith('_PORT') && LINK.test(value))

function sentenceOf(name: string): string {
  const meant = nearest(name.toUpperCase(), KNOWN, distance)
  return `${name} is not a setting and has no effect. ${meant ? `Did you mean ${meant}?` : 'npm start -- --help lists the settings.'}`
}

/**
 * A wrong prefix counts as one edit, and so does a missing end: CLARION_PORT means PORT, and KAFKA_USER means
 * KAFKA_USERNAME.
 */
function distance(text: string, known: string): number {
  if (known.startsWith(text)) return 1
  return Math.min(editDistance(text, known), editDistance(text.replace(PREFIX, ''), known.replace(PREFIX, '')) + 1)
}
