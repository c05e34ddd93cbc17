/**
 * Definitions for a replicated ClickHouse: each statement runs `ON CLUSTER`, and each table gets its Replicated engine.
 * The macros `{shard}` and `{replica}` are the cluster's own, as every replicated ClickHouse has them.
 */

/** `CREATE TABLE x`, up to the place of `ON CLUSTER`. */
const HEAD =
  /^((?:CREATE|ALTER|DROP)\s+(?:TABLE|VIEW|MATERIALIZED\s+VIEW|DATABASE)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(\{\w+:Identifier\}|\w+))/i
const ENGINE = /\bENGINE\s*=\s*(?!Replicated)(\w*MergeTree)\s*(?:\(([^()]*)\))?/i

/** The statement for a cluster of this name. Throws for a statement that it cannot rewrite for all replicas. */
export function onCluster(statement: string, cluster: string): string {
  const [, head, name] = HEAD.exec(statement) ?? []
  if (head === undefined || name === undefined) throw new Error(`no definition: ${statement.slice(0, 80)}`)
  return `${head} ON CLUSTER ${quoted(cluster)}${statement.slice(head.length)}`
    .replace(ENGINE, (_, engine: string, parameters = '') => {
      const list = [
        `'/clickhouse/tables/{shard}/{database}/${name}'`,
        "'{replica}'",
        ...(parameters === '' ? [] : [parameters]),
      ]
      return `ENGINE = Replicated${engine}(${list.join(', ')})`
    })
    .replaceAll('non_replicated_deduplication_window', 'replicated_deduplication_window')
}

const quoted = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
